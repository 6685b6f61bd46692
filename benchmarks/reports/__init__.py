"""How is a run told to a person? Text made from records; nothing here measures, judges or prints."""
