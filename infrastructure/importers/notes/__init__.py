"""Notes: Markdown with front matter, and what Evernote exports."""
