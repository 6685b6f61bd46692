"""What runs inside a target? One process per block or arm, which imports tensorflow, numpy and psutil alone."""
