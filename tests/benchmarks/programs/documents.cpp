/* SPDX-License-Identifier: MIT OR Apache-2.0 */
/*
 * Documents: a text like JSON is parsed into a tree of objects, arrays, strings and numbers,
 * queried, written out again and dropped.
 *
 * What a web service does all day: a burst of small allocations for each request, nearly all freed
 * together at its end, and one growing string for the answer.  Parsers of JSON and XML.  Whether a
 * region of one's own, as some of these have, is worth it beside a good malloc: Berger, Zorn &
 * McKinley 2002, "Reconsidering custom memory allocation".
 *
 * usage: documents [SCALE]
 */
#include "bench.h"

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace {

struct value {
    enum { NUMBER, TEXT, ARRAY, OBJECT } kind = NUMBER;
    double number = 0;
    std::string text;
    std::vector<std::unique_ptr<value>> items;
    std::map<std::string, std::unique_ptr<value>> members;
};

using owned = std::unique_ptr<value>;

void make_text(std::string &out, uint64_t &random, int depth) {
    size_t kind = bench_below(&random, 10);
    if (depth == 0 || kind < 3) {
        out += std::to_string(bench_below(&random, 100000));
    } else if (kind < 6) {
        out += '"';
        out.append(bench_below(&random, 60), static_cast<char>('a' + kind));
        out += '"';
    } else {
        bool object = kind < 9;
        out += object ? '{' : '[';
        size_t parts = 2 + bench_below(&random, 8);
        for (size_t i = 0; i < parts; i++) {
            if (i) out += ',';
            if (object) out += "\"a member's name " + std::to_string(i) + "\":";
            make_text(out, random, depth - 1);
        }
        out += object ? '}' : ']';
    }
}

class parser {
public:
    explicit parser(const std::string &text) : at(text.c_str()) {}

    owned any() {
        switch (*at) {
        case '"': return string();
        case '[': return list(value::ARRAY, ']');
        case '{': return list(value::OBJECT, '}');
        default: return number();
        }
    }

private:
    const char *at;

    std::string quoted() {
        std::string text;
        for (at++; *at != '"'; at++) text += *at;
        at++;
        return text;
    }

    owned string() {
        auto result = std::make_unique<value>();
        result->kind = value::TEXT;
        result->text = quoted();
        return result;
    }

    owned number() {
        auto result = std::make_unique<value>();
        unsigned long digits = 0;
        if (*at < '0' || *at > '9') bench_fail("contents changed: the text is none any more");
        for (; *at >= '0' && *at <= '9'; at++)
            digits = digits * 10 + static_cast<unsigned long>(*at - '0');
        result->number = static_cast<double>(digits);
        return result;
    }

    owned list(decltype(value::kind) kind, char end) {
        auto result = std::make_unique<value>();
        result->kind = kind;
        do {
            at++;
            if (kind == value::OBJECT) {
                std::string name = quoted();
                at++;
                result->members[name] = any();
            } else {
                result->items.push_back(any());
            }
        } while (*at == ',');
        if (*at++ != end) bench_fail("contents changed: a list does not end");
        return result;
    }
};

std::string written(const value &from) {
    switch (from.kind) {
    case value::NUMBER: return std::to_string(static_cast<unsigned long>(from.number));
    case value::TEXT: return '"' + from.text + '"';
    default: break;
    }
    bool object = from.kind == value::OBJECT;
    std::string result(1, object ? '{' : '[');
    for (const auto &item : from.items) {
        if (result.size() > 1) result += ',';
        result += written(*item);
    }
    for (const auto &member : from.members) {
        if (result.size() > 1) result += ',';
        result += '"' + member.first + "\":" + written(*member.second);
    }
    return result + (object ? '}' : ']');
}

} // namespace

int main(int argc, char **argv) {
    size_t count = bench_work(600, bench_scale(argc, argv, 0, ""));
    uint64_t random = 25;
    for (size_t i = 0; i < count; i++) {
        std::string text = "[";
        for (int k = 0; k < 100; k++) {
            if (k) text += ',';
            make_text(text, random, 4);
        }
        text += ']';
        if (written(*parser(text).any()) != text)
            bench_fail("contents changed: a document was not written as it was read");
    }
    return 0;
}
