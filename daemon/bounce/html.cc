#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "core/address.h"
#include "daemon/bounce/input.h"
#include "daemon/bounce/lines.h"

namespace rastro {
namespace {

struct Entity {
  std::string_view name;
  std::string_view text;
};
// Those that notices use; others stay as written.
constexpr std::array kEntities = {
    Entity{"lt", "<"},     Entity{"gt", ">"},     Entity{"amp", "&"},    Entity{"quot", "\""},
    Entity{"apos", "'"},   Entity{"nbsp", " "},   Entity{"aacute", "á"}, Entity{"eacute", "é"},
    Entity{"iacute", "í"}, Entity{"oacute", "ó"}, Entity{"uacute", "ú"}, Entity{"ntilde", "ñ"},
    Entity{"Aacute", "Á"}, Entity{"Eacute", "É"}, Entity{"Oacute", "Ó"}, Entity{"uuml", "ü"},
    Entity{"auml", "ä"},   Entity{"ouml", "ö"},   Entity{"Uuml", "Ü"},   Entity{"Auml", "Ä"},
    Entity{"Ouml", "Ö"},   Entity{"szlig", "ß"},  Entity{"agrave", "à"}, Entity{"egrave", "è"},
    Entity{"igrave", "ì"}, Entity{"ograve", "ò"}, Entity{"ugrave", "ù"}, Entity{"acirc", "â"},
    Entity{"ecirc", "ê"},  Entity{"icirc", "î"},  Entity{"ocirc", "ô"},  Entity{"ucirc", "û"},
    Entity{"ccedil", "ç"}, Entity{"atilde", "ã"}, Entity{"otilde", "õ"}, Entity{"iexcl", "¡"},
    Entity{"iquest", "¿"}, Entity{"laquo", "«"},  Entity{"raquo", "»"},  Entity{"rsquo", "’"},
    Entity{"lsquo", "‘"},  Entity{"ldquo", "“"},  Entity{"rdquo", "”"},  Entity{"ndash", "–"},
    Entity{"mdash", "—"},  Entity{"hellip", "…"}, Entity{"bull", "•"},   Entity{"Eacute", "É"},
    Entity{"euml", "ë"},   Entity{"iuml", "ï"},   Entity{"commat", "@"}, Entity{"period", "."}};

void append_code_point(std::uint32_t code, std::string& out) {
  if (code == 0 || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return;
  const auto put = [&](std::uint32_t byte) { out.push_back(static_cast<char>(byte)); };
  if (code == 0xa0) {
    put(' ');
  } else if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0U | (code >> 6U));
    put(0x80U | (code & 0x3fU));
  } else if (code < 0x10000) {
    put(0xe0U | (code >> 12U));
    put(0x80U | ((code >> 6U) & 0x3fU));
    put(0x80U | (code & 0x3fU));
  } else {
    put(0xf0U | (code >> 18U));
    put(0x80U | ((code >> 12U) & 0x3fU));
    put(0x80U | ((code >> 6U) & 0x3fU));
    put(0x80U | (code & 0x3fU));
  }
}

// Takes "&eacute;" or "&#233;" off the front of `rest`; false: it is just a '&'.
bool maybe_take_entity(std::string_view& rest, std::string& out) {
  const auto end = rest.substr(0, 12).find(';');
  if (end == std::string_view::npos || end < 2) return false;
  auto name = rest.substr(1, end - 1);
  if (name.starts_with('#')) {
    name.remove_prefix(1);
    const bool hex = name.starts_with('x') || name.starts_with('X');
    if (hex) name.remove_prefix(1);
    std::uint32_t code = 0;
    const auto [last, error] =
        std::from_chars(name.data(), name.data() + name.size(), code, hex ? 16 : 10);
    if (error != std::errc() || last != name.data() + name.size()) return false;
    append_code_point(code, out);
  } else {
    const auto found = std::ranges::find(kEntities, name, &Entity::name);
    if (found == kEntities.end()) return false;
    out += found->text;
  }
  rest.remove_prefix(end + 1);
  return true;
}

bool is_block(std::string_view tag) {
  constexpr std::array kBlocks = {"br", "p",     "div",        "tr",    "li", "ul",
                                  "ol", "table", "h1",         "h2",    "h3", "h4",
                                  "hr", "pre",   "blockquote", "title", "dt", "dd"};
  return std::ranges::find(kBlocks, tag) != kBlocks.end();
}

class HtmlText {
 public:
  std::string run(std::string_view rest) {
    while (!rest.empty()) {
      if (rest.starts_with('<') && take_tag(rest)) continue;
      if (rest.starts_with('&') && maybe_take_entity(rest, out_)) continue;
      add(rest.front());
      rest.remove_prefix(1);
    }
    return std::move(out_);
  }

 private:
  void add(char c) {
    if (pre_ || (c != '\n' && c != '\t')) {
      out_.push_back(c);
    } else if (!out_.empty() && out_.back() != ' ' && out_.back() != '\n') {
      out_.push_back(' ');
    }
  }

  // False: this '<' opens no tag.
  bool take_tag(std::string_view& rest) {
    if (rest.starts_with("<!--")) {
      const auto end = rest.find("-->");
      rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 3);
      return true;
    }
    constexpr std::size_t kTagMax = 8'000;
    const auto end = rest.substr(0, kTagMax).find('>');
    if (end == std::string_view::npos) return false;
    const auto inside = rest.substr(1, end - 1);
    // "<juan@example.org>" that nobody escaped.
    if (inside.find('@') != std::string_view::npos &&
        inside.find_first_of(" =") == std::string_view::npos)
      return false;
    auto name = inside.substr(0, inside.find_first_of(" \t\n/", inside.starts_with('/') ? 1 : 0));
    const bool closing = name.starts_with('/');
    if (closing) name.remove_prefix(1);
    const auto tag = ascii_lower(name);
    if (tag.empty() || (tag[0] != '!' && tag[0] != '?' && (tag[0] < 'a' || tag[0] > 'z')))
      return false;
    rest.remove_prefix(end + 1);
    if (tag == "pre") pre_ = !closing;
    if (is_block(tag)) out_.push_back('\n');
    if (tag == "p" && closing) out_.push_back('\n');
    if (tag == "td" || tag == "th") out_.push_back(' ');
    if (!closing && (tag == "style" || tag == "script" || tag == "head")) skip_to_end_of(tag, rest);
    return true;
  }

  static void skip_to_end_of(const std::string& tag, std::string_view& rest) {
    for (std::size_t at = rest.find("</"); at != std::string_view::npos;
         at = rest.find("</", at + 2)) {
      if (!equal_ignoring_case(rest.substr(at + 2, tag.size()), tag)) continue;
      rest.remove_prefix(at);
      return;
    }
    // Never closed: the rest is text, for better or worse.
  }

  std::string out_;
  bool pre_ = false;
};

}  // namespace

std::string html_to_text(std::string_view html) { return HtmlText().run(html); }

}  // namespace rastro
