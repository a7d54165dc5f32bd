#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kubernetes_schema.py FILE: whether each object of a manifest follows the schema of Kubernetes.

The schema is that of the Python client: its models are generated from the OpenAPI description that the
API server publishes. Unknown keys, missing required ones and values of a wrong type are errors, as with
an API server that is asked for strict field validation.
"""
import re
import sys

import yaml
from kubernetes.client import models

PRIMITIVES = {"str": str, "int": int, "bool": bool, "float": (int, float), "object": object}


def check(value, kind, where, problems):
    """Compare a value with the name of a type, such as list[V1Container]."""
    if value is None:
        return
    if match := re.fullmatch(r"list\[(.*)\]", kind):
        if not isinstance(value, list):
            problems.append(f"{where}: expected a list")
            return
        for i, item in enumerate(value):
            check(item, match[1], f"{where}[{i}]", problems)
    elif match := re.fullmatch(r"dict\((.*), (.*)\)", kind):
        if not isinstance(value, dict):
            problems.append(f"{where}: expected an object")
            return
        for key, item in value.items():
            check(item, match[2], f"{where}.{key}", problems)
    elif kind == "datetime":
        check(value, "str", where, problems)
    elif kind in PRIMITIVES:
        wanted = PRIMITIVES[kind]
        if not isinstance(value, wanted) or (isinstance(value, bool) and wanted in (int, str)):
            # IntOrString has the type object; quantities are strings that may be written as numbers.
            problems.append(f"{where}: {value!r}: expected {kind}")
    else:
        check_model(value, getattr(models, kind), where, problems)


def check_model(value, model, where, problems):
    """Compare an object with a generated model."""
    if not isinstance(value, dict):
        problems.append(f"{where}: expected an object")
        return
    names = {key: name for name, key in model.attribute_map.items()}
    for key in value.keys() - names.keys():
        problems.append(f"{where}.{key}: unknown")
    known = {names[key]: item for key, item in value.items() if key in names}
    for name, item in known.items():
        check(item, model.openapi_types[name], f"{where}.{model.attribute_map[name]}", problems)
    try:
        # The constructor knows which keys are required.
        model(**known)
    except ValueError as error:
        problems.append(f"{where}: {error}")


def model_of(item):
    """The model of an object by its apiVersion and kind: apps/v1 DaemonSet is V1DaemonSet."""
    version = item["apiVersion"].split("/")[-1]
    return getattr(models, version[0].upper() + version[1:] + item["kind"])


def main():
    problems = []
    with open(sys.argv[1], encoding="utf-8") as file:
        items = [item for item in yaml.safe_load_all(file) if item]
    if not items:
        problems.append("no object")
    for item in items:
        check_model(item, model_of(item), f"{item['kind']}/{item['metadata']['name']}", problems)
    print("\n".join(problems or [f"{len(items)} objects"]))
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
