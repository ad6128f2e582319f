"""Cases at work: filed, ordered, timed, claimed and handed on, as the store has them."""
