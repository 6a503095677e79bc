"""Who may enter: tokens, sessions, rights, and the log of what was done and refused."""
