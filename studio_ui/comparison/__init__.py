"""What the compare page shows, described for signed-in people and for those who have a read-only link alike."""
