"""Instructions of XLA are counted by opcode, whatever shape their results have."""

from __future__ import annotations

import importlib

_HLO = """HloModule a_step

%region_0.1 (a: f32[], b: f32[]) -> f32[] {
  %a = f32[] parameter(0)
  %b = f32[] parameter(1)
  ROOT %add.2 = f32[] add(f32[] %a, f32[] %b)
}

ENTRY %main.3 (x: f32[8,4]) -> (f32[], f32[8,4]) {
  %x = f32[8,4]{1,0} parameter(0), metadata={op_name="x"}
  %zero = f32[] constant(0)
  %multiply.1 = f32[8,4]{1,0} multiply(f32[8,4]{1,0} %x, f32[8,4]{1,0} %x)
  %reduce = f32[] reduce(f32[8,4]{1,0} %multiply.1, f32[] %zero), dimensions={0,1}, to_apply=%region_0.1
  ROOT %result = (f32[], f32[8,4]{1,0}) tuple(f32[] %reduce, f32[8,4]{1,0} %multiply.1)
}
"""


def test_instructions_are_counted_by_opcode() -> None:
    counted = importlib.import_module("benchmarks.methods._compiled").count_instructions(_HLO)
    assert counted == {"parameter": 3, "add": 1, "constant": 1, "multiply": 1, "reduce": 1, "tuple": 1}
