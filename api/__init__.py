"""The REST API: a thin door to ``sightline``. It answers JSON, but for images and events."""
