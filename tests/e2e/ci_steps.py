"""The commands inside CI files, written out so that a test can run them.

    ci_steps.py gitlab FILE INPUT=VALUE...     before_script and script
    ci_steps.py gitlab-job FILE INPUT=VALUE... the job, as GitLab would have it
    ci_steps.py args FILE NAME                 a container's args in the object
    ci_steps.py env FILE NAME                  its env, as NAME=VALUE
    ci_steps.py flagger FILE                   the webhook's command
    ci_steps.py action FILE                    NAMEs that each step gives to
                                               `steps`, and that it reads
"""
import re
import sys

import yaml


def documents(path):
    return list(yaml.safe_load_all(open(path, encoding="utf-8")))


def interpolated(path, pairs):
    text = open(path, encoding="utf-8").read()
    spec, job = text.split("\n---\n", 1)
    inputs = yaml.safe_load(spec)["spec"]["inputs"]
    given = dict(pair.split("=", 1) for pair in pairs)
    unknown = set(given) - set(inputs)
    assert not unknown, unknown

    def value(found):
        name = found[1]
        assert name in inputs, f"an input that is not declared: {name}"
        if name in given:
            options = inputs[name].get("options")
            assert not options or given[name] in options, name
            return given[name]
        assert "default" in inputs[name], f"{name} must be given"
        return str(inputs[name]["default"])

    used = set(re.findall(r"\$\[\[ inputs\.(\w+) \]\]", job))
    assert used == set(inputs), f"not used: {set(inputs) - used}"
    return yaml.safe_load(re.sub(r"\$\[\[ inputs\.(\w+) \]\]", value, job))


def gitlab(path, *pairs):
    (name, job), = interpolated(path, pairs).items()
    for key, text in job["variables"].items():
        print(f"export {key}='{text}'")
    print("set -e")
    for line in job["before_script"] + job["script"]:
        print(line)


def gitlab_job(path, *pairs):
    print(yaml.safe_dump(interpolated(path, pairs)))


def containers(node):
    if isinstance(node, dict):
        if "containers" in node:
            yield from node["containers"]
        for value in node.values():
            yield from containers(value)
    elif isinstance(node, list):
        for value in node:
            yield from containers(value)


def container(path, name):
    for doc in documents(path):
        if doc["metadata"]["name"] == name:
            one, = containers(doc)
            return one
    raise SystemExit(f"no {name} in {path}")


def args(path, name):
    one = container(path, name)
    assert one["command"] == ["/bin/sh", "-euc"], one["command"]
    text, = one["args"]
    print(text)


def env(path, name):
    for pair in container(path, name).get("env", []):
        print(f"{pair['name']}={pair['value']}")


def flagger(path):
    doc, = documents(path)
    hook, = doc["spec"]["analysis"]["webhooks"]
    print(hook["metadata"]["cmd"])


def action(path):
    doc, = documents(path)
    text = open(path, encoding="utf-8").read()
    for name in re.findall(r"inputs\.([\w-]+)", text):
        assert name in doc["inputs"], f"no input {name}"
    for name in doc["inputs"]:
        assert f"inputs.{name}" in text, f"input {name} is not used"
    for name, one in doc["outputs"].items():
        assert one["value"] == f"${{{{ steps.gate.outputs.{name} }}}}", name
        print("output", name)
    for step in doc["runs"]["steps"]:
        if "run" in step:
            assert step["shell"] == "bash"
            for name in step["env"]:
                print(step["run"].split()[-1], name)


globals()[sys.argv[1].replace("-", "_")](*sys.argv[2:])
