# SPDX-License-Identifier: Apache-2.0
"""A recipe as bitbake sees it, as far as recipes of one page go: assignments with their operators,
flags, overrides in either syntax, appends, functions, inherit, ${VAR} and ${@python}. No include, no
tasks. What it does not know is an error."""
import re

ASSIGN = re.compile(
    r"""^(?P<name>[a-zA-Z0-9\-_+.${}/:~]+?)(\[(?P<flag>[a-zA-Z0-9\-_+.]+)\])?"""
    r"""\s*(?P<op>\?\?=|\?=|:=|\+=|=\+|\.=|=\.|=)\s*(?P<quote>["'])(?P<value>.*)(?P=quote)$""", re.S)
FUNCTION = re.compile(r"^(?P<kind>python\s+|fakeroot\s+)*(?P<name>[\w\-+.:${}]*)\s*\(\s*\)\s*\{$")
OPERATIONS = ("append", "prepend", "remove")


class Broken(Exception):
    pass


class Utils:
    """What recipes call of bb.utils."""

    @staticmethod
    def contains(variable, wanted, yes, no, d):
        wanted = set(wanted.split()) if isinstance(wanted, str) else set(wanted)
        return yes if wanted <= set((d.getVar(variable) or "").split()) else no

    @staticmethod
    def filter(variable, names, d):
        have = set((d.getVar(variable) or "").split())
        return " ".join(sorted(set(names.split()) & have))

    @staticmethod
    def vercmp_string_op(a, b, op):
        a, b = ([int(part) for part in text.split(".")] for text in (a, b))
        return {"<": a < b, "<=": a <= b, "=": a == b, ">=": a >= b, ">": a > b}[op]


class Bb:
    utils = Utils


OLD = re.compile(r"_(?=(?:append|prepend|remove|class-[a-z]+|tegra|\$\{PN\})(?![a-zA-Z0-9]))")


class Recipe:
    """known: what is set before the recipe is read; old: its overrides are written with '_'. Inside
    of here they are with ':', always."""

    def __init__(self, known, overrides=(), old=False):
        self.overrides, self.old = list(overrides), old
        self.values, self.weak, self.flags = dict(known), {}, {}
        self.changes = []  # (name, operation, overrides, value)
        self.functions, self.inherits, self.statements = {}, [], []

    def _name(self, name):
        return (OLD.sub(":", name) if self.old else name).replace("${PN}", self.values["PN"])

    # reading

    def read(self, path):
        with open(path, encoding="utf-8") as file:
            lines = file.read().split("\n")
        at = 0
        while at < len(lines):
            first, line = at + 1, lines[at]
            at += 1
            if not line.strip() or line.startswith("#"):
                continue
            while line.endswith("\\"):
                line = line[:-1] + lines[at]
                at += 1
            function = FUNCTION.match(line)
            if function:
                body = []
                while at < len(lines) and lines[at] != "}":
                    body.append(lines[at])
                    at += 1
                if at == len(lines):
                    raise Broken("%s:%d: the function does not end" % (path, first))
                at += 1
                self._function(line, function.group("name"), "\n".join(body))
            elif line.startswith("def "):
                body = [line]
                while at < len(lines) and (not lines[at] or lines[at][0] in " \t"):
                    body.append(lines[at])
                    at += 1
                self.functions[line[4:line.index("(")]] = ("def", "\n".join(body))
            elif line.startswith("inherit "):
                self.inherits += line.split()[1:]
            else:
                self._statement("%s:%d" % (path, first), line)
        return self

    def _function(self, line, name, body):
        kind = "python" if line.startswith("python") else "shell"
        name = self._name(name)
        self.statements.append((line, name, None, "()", body))
        base, operation, overrides = self._split(name)
        if operation:
            self.changes.append((base, operation, overrides, body))
            self.functions.setdefault(base, (kind, ""))
        else:
            self.functions[name] = (kind, body)

    def _statement(self, where, line):
        match = ASSIGN.match(line)
        if not match:
            raise Broken("%s: '%s' is no statement that a recipe of one page has" % (where, line))
        name, flag, op, value = match.group("name", "flag", "op", "value")
        name = self._name(name)
        self.statements.append((where, name, flag, op, value))
        if flag:
            self.flags.setdefault(name, {})[flag] = value
            return
        base, operation, overrides = self._split(name)
        if operation:
            self.changes.append((base, operation, overrides, value))
        elif op == "??=":
            self.weak[name] = value
        elif op != "?=" or name not in self.values:
            self._set(name, op, value)

    def _set(self, name, op, value):
        old = self.values.get(name, "")
        self.values[name] = {"+=": old + " " + value, "=+": value + " " + old, ".=": old + value,
                             "=.": value + old}.get(op, value)

    def _split(self, name):
        """NAME:append:OVERRIDE -> NAME, append, [OVERRIDE]"""
        parts = name.split(":")
        for i, part in enumerate(parts):
            if part in OPERATIONS and i > 0:
                return ":".join(parts[:i]), part, [p for p in parts[i + 1:] if p]
        return name, None, []

    # evaluation

    def getVar(self, name, expand=True):
        value = self._value(name)
        return self.expand(value) if value is not None and expand else value

    def setVar(self, name, value):
        self.values[name] = value

    def _value(self, name):
        value = None
        for candidate in [name] + [name + ":" + override for override in self.overrides]:
            value = self.values.get(candidate, self.weak.get(candidate, value))
        for base, operation, overrides, text in self.changes:
            if base == name and base not in self.functions and set(overrides) <= set(self.overrides):
                value = (value or "") + text if operation == "append" else text + (value or "")
        return value

    def expand(self, text, depth=0):
        if depth > 20:
            raise Broken("'%s' is endless" % text)

        def one(match):
            inner = match.group(1)
            if inner.startswith("@"):
                code = self.expand(inner[1:], depth + 1) if "${" in inner else inner[1:]
                return str(eval(code, {"bb": Bb, "d": self}))  # the recipe's own code
            value = self._value(inner)
            return match.group(0) if value is None else self.expand(value, depth + 1)

        # inner ones first: ${@... '${PN}' ...}
        for _ in range(10):
            new = re.sub(r"\$\{([^${}]*(?:\$\{[^{}]*\}[^${}]*)*)\}", one, text)
            if new == text:
                break
            text = new
        return text

    def script(self, name):
        """The text of a shell function with what is appended under the overrides, expanded."""
        body = self.functions.get(name, ("shell", ""))[1]
        for base, operation, overrides, text in self.changes:
            if base == name and set(overrides) <= set(self.overrides):
                body = body + "\n" + text if operation == "append" else text + "\n" + body
        return self.expand(body)

    def packageconfig(self):
        """What PACKAGECONFIG adds: arguments, DEPENDS, RDEPENDS, RRECOMMENDS."""
        chosen = (self.getVar("PACKAGECONFIG") or "").split()
        known = self.flags.get("PACKAGECONFIG", {})
        for name in chosen:
            if name not in known:
                raise Broken("PACKAGECONFIG has '%s', which is not described" % name)
        result = [[], [], [], []]
        for name, text in known.items():
            fields = [self.expand(field).strip() for field in text.split(",")] + [""] * 6
            result[0].append(fields[0] if name in chosen else fields[1])
            for i in (2, 3, 4):
                result[i - 1] += fields[i].split() if name in chosen else []
        return result

    def cmake_arguments(self):
        text = " ".join([self.getVar("EXTRA_OECMAKE") or ""] + self.packageconfig()[0])
        return text.strip()

    def depends(self):
        return sorted(set((self.getVar("DEPENDS") or "").split() + self.packageconfig()[1]))

    def packages(self):
        """(name, patterns) in the order in which bitbake hands files out."""
        names = (self.getVar("PACKAGES") or "").split()
        return [(name, (self.getVar("FILES:" + name) or "").split()) for name in names]
