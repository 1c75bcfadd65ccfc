"""Short constructors that turn the compact rows of the demo risk-point modules into full dictionaries."""

TOPICS = {"思": "思想建设", "三": "三重一大", "制": "制度建设", "规": "规范管理"}
CATEGORIES = {
    "德": "思想道德风险",
    "岗": "岗位职责风险",
    "流": "业务流程风险",
    "制": "制度机制风险",
    "外": "外部环境风险",
}
KINDS = {"前": "前期预防", "中": "中期监控", "后": "后期处置"}
PROGRESS = {"未": "未启动", "推": "推进中", "落": "已落实"}
WAYS = {
    "自": "自己找",
    "群": "群众帮",
    "领": "领导提",
    "集": "集体定",
    "审": "组织审",
    "巡": "巡察审计发现",
    "案": "案件倒查",
}


def measure(kind, content, department, due=None, progress=None):
    """One control measure; without a date it is a standing measure (长期坚持)."""
    return {
        "kind": KINDS[kind],
        "content": content,
        "department": department,
        "due": due,
        "progress": PROGRESS[progress] if due else "长期坚持",
    }


def point(unit, topic, department, post, domain, category, authority, power, name,
          manifestation, step, likelihood, consequence, indicator, ways, basis, *measures):
    """One risk point; the layer follows from which of department and post are given."""
    if department is None:
        layer = "单位级"
    elif post is None:
        layer = "部门级"
    else:
        layer = "岗位级"
    return {
        "topic": TOPICS[topic],
        "unit": unit,
        "department": department,
        "layer": layer,
        "post": post,
        "power": power,
        "domain": domain,
        "category": CATEGORIES[category],
        "authority": authority,
        "name": name,
        "manifestation": manifestation,
        "step": step,
        "L": likelihood,
        "C": consequence,
        "indicator": indicator,
        "ways": [WAYS[w] for w in ways],
        "basis": basis,
        "measures": list(measures),
    }
