"""How is a case measured in a fresh process? The server that forks, its supervision, and the side that asks it."""
