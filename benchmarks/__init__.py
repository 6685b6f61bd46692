"""How much does sample weighting cost in TensorFlow? The code that measures it, judges it and reports it.

From the top down: the questions (`test_*.py`); what speaks to pytest or is run as a program (`plugin`, `commands`,
`studies`); `measuring`, from a case to its report; who asks a target (`launch`) and what is shown of a run (`reports`);
what is concluded (`gate`), what was stored (`baselines`), and what runs inside a target (`target`); what is weighted
how, trained, timed or read (`methods`, `workloads`, `probes`); arithmetic (`stats`); and what all of them speak of
(`records`, `questions`, `protocols`, `units`, `errors`).
"""
