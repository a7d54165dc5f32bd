# SPDX-License-Identifier: Apache-2.0
"""SARIF, for tests/install/lint.sh.

lint_sarif.py SCHEMA SARIF         fail where SARIF is not valid by the schema, or not in itself
lint_sarif.py --apply SARIF FILE   print FILE with the fixes of SARIF applied
"""
import json
import sys

import jsonschema


def check(schema, log):
    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.Draft7Validator(schema).validate(log)
    for run in log["runs"]:
        rules = run["tool"]["driver"]["rules"]
        assert len({rule["id"] for rule in rules}) == len(rules), "a rule is twice"
        for result in run["results"]:
            assert rules[result["ruleIndex"]]["id"] == result["ruleId"], "another rule"
            for location in result["locations"]:
                region = location["physicalLocation"]["region"]
                start = (region["startLine"], region["startColumn"])
                assert start <= (region["endLine"], region["endColumn"]), "an end before its start"


def offset(lines, line, column):
    return sum(len(text) for text in lines[: line - 1]) + column - 1


def apply(log, text):
    lines = text.splitlines(keepends=True)
    edits = []
    for result in log["runs"][0]["results"]:
        for fix in result.get("fixes", []):
            for change in fix["artifactChanges"]:
                for replacement in change["replacements"]:
                    region = replacement["deletedRegion"]
                    edits.append(
                        (
                            offset(lines, region["startLine"], region["startColumn"]),
                            offset(lines, region["endLine"], region["endColumn"]),
                            replacement["insertedContent"]["text"],
                        )
                    )
    for start, end, inserted in sorted(edits, reverse=True):
        text = text[:start] + inserted + text[end:]
    return text


def read(path):
    with open(path, encoding="utf-8", newline="") as file:
        return file.read()


if sys.argv[1] == "--apply":
    sys.stdout.write(apply(json.loads(read(sys.argv[2])), read(sys.argv[3])))
else:
    check(json.loads(read(sys.argv[1])), json.loads(read(sys.argv[2])))
