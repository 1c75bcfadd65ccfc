"""What people of the journeys type."""
from typing import Any

ENGINEER = "周航（现场工程师）"
NAME = "变更签证现场计量把关不严"
POINT: dict[str, Any] = {
    "department": "工程管理部", "layer": "岗位级", "post": "工程管理部 现场工程师", "topic": "规范管理", "name": NAME,
    "power": "工程变更签证审核", "authority": "审批、决定权", "domain": "工程建设（招投标、变更、结算）", "category": "业务流程风险",
    "manifestation": "与施工单位串通虚增工程量，先施工后补签，化整为零规避分级审批。", "likelihood": "2级（较小）",
    "severity": "2级（较小）", "level": "高", "indicator": "签证金额占合同价比例", "responsible": ENGINEER,
    "head": "赵静（工程管理部经理）", "leader": "王立成（副总经理）", "secretary": "林志远（党委书记、董事长）",
    "ways": ["self", "organisation"],
}  # fmt: skip
MEASURE: dict[str, Any] = {
    "kind": "中期监控", "content": "单项变更超过10万元的，四方现场会签并上传影像。", "department": "工程管理部",
    "person": ENGINEER, "is_standing": True,
}  # fmt: skip
