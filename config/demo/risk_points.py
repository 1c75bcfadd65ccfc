"""The 137 integrity risk points and 145 control measures of the demo group, joined from one module per company."""

from config.demo.risk_points_cj import POINTS as _CJ
from config.demo.risk_points_jt import POINTS as _JT
from config.demo.risk_points_jy import POINTS as _JY
from config.demo.risk_points_sw import POINTS as _SW
from config.demo.risk_points_wy import POINTS as _WY
from config.demo.risk_points_zc import POINTS as _ZC

RISK_POINTS: list[dict] = [*_JT, *_CJ, *_ZC, *_JY, *_SW, *_WY]
