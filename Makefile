.PHONY: run test ci test-launcher

run:
	python3 portal.py run

test:
	python3 portal.py test

# Kills and restarts the launcher itself; minutes, not part of the ordinary run.
test-launcher:
	python3 portal.py test -m launcher -n 0 tests/launcher

ci:
	.ci/run
