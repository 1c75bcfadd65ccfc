"""Forms about one's own account."""
from typing import Any

from django import forms
from django.contrib.auth import password_validation

from .models import ApiToken, User
from .passwords import LONGEST
from .rules import TOKEN_LIFE_DAYS


class PlainForm(forms.Form):
    """No colon after labels; the templates set their own."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"label_suffix": ""} | options)


def password_field(label: str, autocomplete: str, **options: Any) -> forms.CharField:
    """A password exactly as typed: never stripped, never cut."""
    widget = forms.PasswordInput(attrs={"autocomplete": autocomplete})
    options.setdefault("error_messages", {"required": f"填写{label}"})
    return forms.CharField(label=label, strip=False, widget=widget, **options)


class LoginForm(PlainForm):
    """账号 and 密码; `carried` holds a form that waits for its user, `next` where to go."""

    username = forms.CharField(
        label="账号", max_length=150, error_messages={"required": "填写账号", "max_length": "账号不超过150个字符"},
        widget=forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false"}),
    )
    password = password_field("密码", "current-password", max_length=1000)
    remember = forms.BooleanField(label="记住账号", required=False)
    carried = forms.CharField(required=False, widget=forms.HiddenInput)
    next = forms.CharField(required=False, widget=forms.HiddenInput)


class StepUpForm(PlainForm):
    """The password again."""

    password = password_field("密码", "current-password", max_length=1000)
    carried = forms.CharField(required=False, widget=forms.HiddenInput)
    next = forms.CharField(required=False, widget=forms.HiddenInput)


class NewPasswordForm(PlainForm):
    """A new password twice; the rules of AU-02 are asked by the service."""

    new_password = password_field("新密码", "new-password")
    repeated = password_field("再次输入新密码", "new-password")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        texts = password_validation.password_validators_help_texts()
        self.fields["new_password"].help_text = "；".join(str(text) for text in texts) + "。"

    def clean_repeated(self) -> str:
        """Both are the same."""
        if self.cleaned_data.get("new_password") != self.cleaned_data["repeated"]:
            raise forms.ValidationError("两次输入的新密码不一致")
        return self.cleaned_data["repeated"]

    def clean_new_password(self) -> str:
        """Long ones are refused before they are hashed."""
        new = self.cleaned_data["new_password"]
        if len(new) > LONGEST:
            raise forms.ValidationError(f"密码不超过{LONGEST}位，现有{len(new)}位")
        return new


class PasswordChangeForm(NewPasswordForm):
    """The present password and the new one."""

    old_password = password_field("当前密码", "current-password", max_length=1000)
    field_order = ("old_password", "new_password", "repeated")


class ProfileForm(forms.ModelForm):
    """What a person keeps up about himself. The stored phone number is not shown: an empty field leaves it."""

    new_phone = forms.CharField(label="手机号", required=False, max_length=20, validators=User._meta.get_field("phone").validators)

    class Meta:
        model = User
        fields = ("email",)

    def details(self) -> dict[str, str]:
        """The fields to change."""
        phone = self.cleaned_data["new_phone"]
        return {"email": self.cleaned_data["email"]} | ({"phone": phone} if phone else {})


class PreferencesForm(forms.ModelForm):
    """关怀版 and 深色模式."""

    class Meta:
        model = User
        fields = ("prefers_large", "prefers_dark")


class TokenForm(PlainForm):
    """A new API token."""

    name = forms.CharField(label="用途", max_length=40, error_messages={"required": "填写用途", "max_length": "用途不超过40字"})
    scope = forms.ChoiceField(label="权限", choices=ApiToken.Scope.choices, error_messages={"required": "选择权限"})
    days = forms.IntegerField(
        label="有效期（天）", min_value=1, max_value=TOKEN_LIFE_DAYS, initial=TOKEN_LIFE_DAYS,
        error_messages={
            "required": "填写有效期", "invalid": "有效期填写整数", "min_value": "有效期不少于1天",
            "max_value": f"有效期不超过{TOKEN_LIFE_DAYS}天",
        },
    )
