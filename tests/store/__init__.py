"""Sessions, questions and stores."""
