"""Mail: mailboxes and single messages."""
