"""All that is shot: single captures, series and photometric sets."""
