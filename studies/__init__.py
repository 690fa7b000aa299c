"""The user study: what people are shown, what they answer, and what follows from it."""
