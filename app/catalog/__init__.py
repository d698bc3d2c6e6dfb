"""What the studio can do: methods, task types, base models, training settings. Each is declared once, here or below."""
