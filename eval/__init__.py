"""The benchmark: pictures, profiles, the runner, the store, and one file per measure."""
