"""Gunicorn for portal.py and for the container; the command line and the environment override."""
import ctypes
import os
import signal

worker_class = "gthread"
workers = int(os.environ.get("PORTAL_WEB_WORKERS", "2"))
threads = int(os.environ.get("PORTAL_WEB_THREADS", "4"))
preload_app = True  # one import instead of one per worker: half the start time and less memory
max_requests, max_requests_jitter = 5000, 500
timeout, graceful_timeout = 60, 10
memory = "/dev/shm"  # noqa: S108  the root file system may be read-only; elsewhere this folder may be closed to us
worker_tmp_dir = memory if os.access(memory, os.W_OK) else None
control_socket_disable = True  # nothing here needs gunicorn's remote control
forwarded_allow_ips = os.environ.get("PORTAL_PROXY_IPS", "127.0.0.1")
accesslog = None  # the portal writes its own audit; the proxy has the access log


def post_fork(server, worker):
    """A worker must not outlive a killed master: it would keep the port."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != worker.ppid:
        os._exit(1)
