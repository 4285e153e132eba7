"""What tests of every kind share: the engines, real processes, waiting."""
