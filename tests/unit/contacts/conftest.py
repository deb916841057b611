"""Properties are not timed: a busy machine is no counter-example."""

from hypothesis import settings

settings.register_profile("contacts", deadline=None, max_examples=60)
settings.load_profile("contacts")
