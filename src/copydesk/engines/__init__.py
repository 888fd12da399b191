"""Places where the fits of a training run are computed: this process, or a Dask cluster."""
