"""What was compiled of other sources is not gone on with."""

from engine.scenarios.kernels import compiling, days, sampling


def test_every_kept_kernel_is_stamped_with_all_sources() -> None:
    for kernel in (days.run, sampling.gap):
        assert kernel._cache._cache_file._source_stamp[0] == compiling.SOURCES


def test_all_sources_of_kernels_are_in_the_stamp() -> None:
    names = {file.name for file in compiling._FILES}
    assert {"days.py", "course.py", "sampling.py", "hashing.py", "streams.py"} <= names
