"""What may be uploaded: names, types, and what the first bytes must say (domain.md 1.0.3, security.md IN-01)."""
import re
import unicodedata
import zipfile
from io import SEEK_END
from typing import BinaryIO

import pikepdf
from PIL import Image

STATE_SECRETS = "本系统为非涉密系统，严禁录入、上传、处理国家秘密信息"
NAME_LIMIT = 200
PER_RECORD = 200
UNPACKED_BYTES, UNPACKED_RATIO = 50 * 1024 * 1024, 100  # beyond both a package only fills the memory of whoever opens it (IN-03)
DIRECTORY_BYTES = 2_000_000  # a zip directory of some 20,000 entries; a bigger one only fills the memory

_OLE = (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",)
_ZIP = (b"PK\x03\x04",)
MACROS = "文件含有宏，去除宏后重新上传"
_MACRO_ENTRY = re.compile(r"(^|/)vbaproject\.bin$|^xl/macrosheets/")
_OLE_MACROS = "_VBA_PROJECT".encode("utf-16-le")  # the stream that holds them, in doc and xls
_OFFICE = "application/vnd.openxmlformats-officedocument."
# extension: (fixed content type of the download, first bytes, entry a package must hold)
TYPES: dict[str, tuple[str, tuple[bytes, ...], str]] = {
    "pdf": ("application/pdf", (b"%PDF-",), ""),
    "ofd": ("application/ofd", _ZIP, "OFD.xml"),
    "doc": ("application/msword", _OLE, ""),
    "xls": ("application/vnd.ms-excel", _OLE, ""),
    "ppt": ("application/vnd.ms-powerpoint", _OLE, ""),
    "wps": ("application/vnd.ms-works", _OLE + _ZIP, ""),
    "et": ("application/vnd.ms-excel", _OLE + _ZIP, ""),
    "docx": (_OFFICE + "wordprocessingml.document", _ZIP, "word/document.xml"),
    "xlsx": (_OFFICE + "spreadsheetml.sheet", _ZIP, "xl/workbook.xml"),
    "pptx": (_OFFICE + "presentationml.presentation", _ZIP, "ppt/presentation.xml"),
    "zip": ("application/zip", (b"PK\x03\x04", b"PK\x05\x06"), ""),
    "jpg": ("image/jpeg", (b"\xff\xd8\xff",), ""),
    "png": ("image/png", (b"\x89PNG\r\n\x1a\n",), ""),
    "mp4": ("video/mp4", (), ""),
}
ALLOWED = "、".join(TYPES)
ACCEPT = ",".join(f".{ending}" for ending in (*TYPES, "jpeg"))  # what a file dialog offers
# Working and commercial secrets may be kept here (domain.md 0.5); state secrets may not.
_PERMITTED = re.compile("(工作|商业)秘密|机密(?=[码钥])")
_SECRET = re.compile("秘密|机密|绝密")
_SIMPLIFIED = str.maketrans("機絕", "机绝")
_CONTROLS = "\u0000-\u001f\u007f-\u009f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff"
_BAD_CHARACTER = re.compile(f'[{_CONTROLS}/\\\\:*?"<>|]')


def extension(name: str) -> str:
    """The lower-case extension without the dot; jpeg is jpg."""
    ending = name.rpartition(".")[2].lower() if "." in name else ""
    return "jpg" if ending == "jpeg" else ending


def fault_of_name(name: str) -> str:
    """What is wrong with a file name; "" when nothing is."""
    marks = "".join(unicodedata.normalize("NFKC", name).translate(_SIMPLIFIED).split())  # 机 密 and 機密 are the same mark
    if _SECRET.search(_PERMITTED.sub("", marks)):
        return STATE_SECRETS
    if _BAD_CHARACTER.search(name) or name.startswith(".") or not name.strip():
        return "文件名含有不能使用的字符，修改文件名后重新上传"
    if len(name) > NAME_LIMIT:
        return f"文件名不超过 {NAME_LIMIT} 字，现有 {len(name)} 字"
    if extension(name) not in TYPES:
        return f"上传 {ALLOWED} 格式的文件"
    return ""


def hint(*, max_mb: int) -> str:
    """What may be uploaded, in words."""
    return f"{ALLOWED.upper()}，单个不超过 {max_mb} MB"


def fault_of_size(size: int, *, max_mb: int) -> str:
    """What is wrong with a size in bytes; "" when nothing is."""
    if size == 0:
        return "文件是空的，检查后重新上传"
    if size > max_mb * 1024 * 1024:
        return f"单个文件不超过 {max_mb} MB"
    return ""


def fault_of_content(name: str, content: BinaryIO) -> str:
    """What is wrong with the bytes of a file called `name`; "" when they are what the extension says."""
    ending = extension(name)
    _, beginnings, needed = TYPES[ending]
    content.seek(0)
    head = content.read(12)
    mismatch = f"文件内容不是 {ending} 格式，用原软件另存后重新上传"
    if not head.startswith(beginnings) if beginnings else head[4:8] != b"ftyp":
        return mismatch
    try:
        if head.startswith(_OLE):
            return MACROS if _holds(content, _OLE_MACROS) else ""
        if head.startswith(b"PK"):
            return _fault_of_package(content, needed, mismatch)
        if ending == "pdf":
            pikepdf.open(content).close()
        elif ending in ("jpg", "png"):
            with Image.open(content, formats=["JPEG" if ending == "jpg" else "PNG"]) as picture:
                picture.verify()
    except pikepdf.PasswordError:
        return "文件设有打开密码，去除密码后重新上传"
    except (pikepdf.PdfError, zipfile.BadZipFile, OSError, SyntaxError, ValueError, Image.DecompressionBombError):
        return mismatch
    return ""


def _fault_of_package(content: BinaryIO, needed: str, mismatch: str) -> str:
    """What is wrong with a package: a directory no office file has, an entry that is missing, macros."""
    size = content.seek(0, SEEK_END)
    content.seek(max(0, size - 66_000))  # the end record and its longest comment
    tail = content.read()
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) < at + 22:
        return mismatch
    if int.from_bytes(tail[at + 12 : at + 16], "little") > DIRECTORY_BYTES:
        return "压缩包内的文件过多，分成几个压缩包上传"
    with zipfile.ZipFile(content) as package:
        entries = package.namelist()
        unpacked = sum(entry.file_size for entry in package.infolist())
    if unpacked > max(UNPACKED_BYTES, UNPACKED_RATIO * size):
        return "压缩包展开后过大，检查文件后重新上传"
    if needed and needed not in entries:
        return mismatch
    return MACROS if any(_MACRO_ENTRY.search(entry.lower()) for entry in entries) else ""


def _holds(content: BinaryIO, mark: bytes) -> bool:
    """Whether the bytes contain a mark, read in pieces."""
    content.seek(0)
    tail = b""
    while piece := content.read(1 << 20):
        if mark in tail + piece:
            return True
        tail = piece[-len(mark) :]
    return False


def media_type(name: str) -> str:
    """The one content type a download of this name is ever served with."""
    return TYPES[extension(name)][0]
