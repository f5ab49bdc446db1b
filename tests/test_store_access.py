from dataclasses import replace
from pathlib import Path

from segviz import settings
from segviz.store import access


def at(home: Path) -> settings.Settings:
    return replace(settings.load(), home=home)


def test_a_token_opens_its_own_scope_alone(tmp_path: Path) -> None:
    here = at(tmp_path / "home")
    token = access.token(here, "case:a")
    assert len(token) == 43
    assert access.allows(here, "case:a", token)
    assert not access.allows(here, "case:b", token)
    assert not access.allows(here, "case:a", token[:-1])
    assert not access.allows(here, "case:a", "")
    assert not access.allows(here, "case:a", "é")


def test_the_secret_is_kept_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    here = at(tmp_path / "home")
    token = access.token(here, "uploads")
    access._secret.cache_clear()
    assert access.token(here, "uploads") == token
    assert (tmp_path / "home" / "secret").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700
    assert [p.name for p in (tmp_path / "home").iterdir()] == ["secret"]


def test_another_workspace_has_another_secret(tmp_path: Path) -> None:
    one, two = at(tmp_path / "one"), at(tmp_path / "two")
    assert access.token(one, "uploads") != access.token(two, "uploads")


def test_the_one_who_comes_second_takes_the_secret_that_is_there(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    access._create(path)
    first = path.read_bytes()
    access._create(path)
    assert path.read_bytes() == first
