"""How a yes or no of the directory reads."""

YES = (("1", "是"), ("0", "否"))
IN_USE = (("1", "启用"), ("0", "停用"))
IN_SERVICE = (("1", "在职"), ("0", "离职"))
