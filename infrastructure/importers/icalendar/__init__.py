"""Calendars: iCalendar and vCalendar 1.0."""
