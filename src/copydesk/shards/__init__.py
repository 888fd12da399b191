"""Many files to as many: each shard of the input becomes one part of an output folder, exactly once."""
