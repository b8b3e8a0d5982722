"""The two small vision-language models: how they are built, trained, evaluated and loaded."""
