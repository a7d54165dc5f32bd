// SPDX-License-Identifier: Apache-2.0
//
// fuse-sidecar-inspect: what `doctor` needs of two libraries that are C++ only, in a program of its
// own, so that the hook stays C and loads nothing of them.
//
//   fuse-sidecar-inspect toml <FILE     print the TOML file as JSON (toml++)
//   fuse-sidecar-inspect match RE TEXT  whether TEXT has a match of RE (RE2: the syntax of Go's
//                                       regexp, which reads the patterns of hooks.d)
//
// Exit: 0 done, or a match; 1 no match; 2 the input is not what it should be, said on standard
// error; 3 wrong use.
#include <cstring>
#include <iostream>
#include <iterator>
#include <string>

#include <re2/re2.h>
#include <toml++/toml.h>

namespace
{

int print_toml()
{
	const std::string text{std::istreambuf_iterator<char>{std::cin}, {}};

	try {
		const toml::table table = toml::parse(text);

		std::cout << toml::json_formatter{table} << '\n';
	} catch (const toml::parse_error &error) {
		const toml::source_position place = error.source().begin;

		std::cerr << "line " << place.line << ", column " << place.column << ": "
			  << error.description() << '\n';
		return 2;
	}
	return std::cout.flush() ? 0 : 2;
}

int match(const char *pattern, const char *text)
{
	RE2::Options options;

	options.set_log_errors(false);
	const RE2 expression(pattern, options);

	if (!expression.ok()) {
		std::cerr << expression.error() << '\n';
		return 2;
	}
	return RE2::PartialMatch(text, expression) ? 0 : 1;
}

} // namespace

int main(int argc, char **argv)
{
	if (argc == 2 && std::strcmp(argv[1], "toml") == 0)
		return print_toml();
	if (argc == 4 && std::strcmp(argv[1], "match") == 0)
		return match(argv[2], argv[3]);
	std::cerr << "usage: fuse-sidecar-inspect toml | match PATTERN TEXT\n";
	return 3;
}
