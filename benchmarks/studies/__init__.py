"""Scripts that chose a number of this suite by simulation or measurement; each prints the table it rests on."""
