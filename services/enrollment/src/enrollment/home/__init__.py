"""Where people arrive: landing page, sign-in's way back, Beranda."""
