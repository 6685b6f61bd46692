"""Who asks a target? Servers that are started, spoken to and ended, and the environments they run in."""
