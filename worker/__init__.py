"""The Celery door: thin tasks over ``sightline``; resources are made once per process."""
