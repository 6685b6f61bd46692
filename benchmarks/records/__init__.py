"""What crosses processes, floors and files: frozen records, their invariants and their JSON form.

Leaves out: every computation on them. Times are integers in nanoseconds; ratios are weighted ÷ control, 1.00 = free.
"""

from benchmarks.questions import Question as Question
from benchmarks.records.blocks import ArmReadings as ArmReadings
from benchmarks.records.blocks import Block as Block
from benchmarks.records.blocks import BlockRequest as BlockRequest
from benchmarks.records.blocks import BlockSummary as BlockSummary
from benchmarks.records.blocks import Meeting as Meeting
from benchmarks.records.blocks import ReadBlock as ReadBlock
from benchmarks.records.blocks import ReadRequest as ReadRequest
from benchmarks.records.cases import Arm as Arm
from benchmarks.records.cases import Case as Case
from benchmarks.records.cases import Plant as Plant
from benchmarks.records.findings import Aspect as Aspect
from benchmarks.records.findings import CaseReport as CaseReport
from benchmarks.records.findings import Change as Change
from benchmarks.records.findings import Comparison as Comparison
from benchmarks.records.findings import Environment as Environment
from benchmarks.records.findings import HistoryEntry as HistoryEntry
from benchmarks.records.findings import Interval as Interval
from benchmarks.records.findings import Measurement as Measurement
from benchmarks.records.findings import Outcome as Outcome
from benchmarks.records.findings import Profile as Profile
from benchmarks.records.findings import Verdict as Verdict
from benchmarks.records.json_form import Json as Json
from benchmarks.records.quantities import Stretch as Stretch
