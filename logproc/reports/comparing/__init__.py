"""Two logs or reports compared: what appeared, vanished, rose and fell, and whether it is more than chance."""
