"""Configuration files of the scenarios, as their users would write them."""
import re


def route(name, topic, commands, to="live", **options):
    """One route; `commands` is a list of strings, or of (when, cmd). Where penstock wants to know
    what a tombstone removes and the scenario does not say, it removes nothing."""
    if _must_say_del(commands):
        options.setdefault("del", "none")
    rows = [f'"{row}"' if isinstance(row, str) else f'{{ when = "{row[0]}"; cmd = "{row[1]}"; }}'
            for row in commands]
    text = f'  {{ name = "{name}"; from = "main"; topics = [ "{topic}" ]; to = "{to}";\n'
    text += "    do = ( " + ",\n           ".join(rows) + " );"
    for option, value in options.items():
        text += f"\n    {option} = {_value(value)};"
    return text + " }"


def conf(kafka, url, group, routes, source="", sink="", top=""):
    """A whole file; `source`, `sink` and `top` are further settings of theirs, as text."""
    return (f'version = 1;\n{top}\n'
            f'sources = {{ main = {{ brokers = "{kafka.brokers}"; group = "{group}";\n'
            f'                     start = "earliest"; {source} }}; }};\n'
            f'sinks = {{ live = {{ url = "{url}"; {sink} }}; }};\n'
            "routes = (\n" + ",\n".join(routes) + "\n);")


def _must_say_del(commands):
    texts = [row if isinstance(row, str) else row[1] for row in commands]
    if len(texts) == 1 and re.match(r"(SET|HSET) \S*%\{\$key\}", texts[0]):
        return False
    return any("%{$key" in text for text in texts)


def _value(value):
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return "( " + ", ".join(_value(item) for item in value) + " )"
    return f'"{value}"' if isinstance(value, str) else str(value)
