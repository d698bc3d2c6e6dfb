"""What people can do, as packages by domain. Each package may import those that stand before it in `SERVICE_PACKAGES` of
`tests/layers.py`; doors (`app.api`, `studio_ui`, `worker`, `studio`) call the modules, services never call a door."""
