#include "daemon/bounce/signature.h"

#include <re2/re2.h>

#include <algorithm>
#include <utility>

#include "daemon/bounce/address.h"
#include "daemon/bounce/lines.h"
#include "daemon/bounce/notice.h"
#include "daemon/bounce/reply.h"

namespace rastro {
namespace {

constexpr std::size_t kSignedTextMax = 64'000;
constexpr std::size_t kShortLine = 100;

// "Un saludo,", "Best regards", "Thanks, Juan": the line that ends a letter.
bool is_closing(std::string_view line) {
  static const RE2 form(
      R"((?i)^(?:(?:un |reciba un |le saluda |muchos )?(?:cordial |fuerte |afectuoso )?(?:saludos?|abrazo)|atentamente|atte|cordialmente|(?:muchas |mil )?gracias|graciñas|grácies|gràcies|salutacions|(?:with )?(?:best|kind|warm|many)(?:est)? (?:regards|wishes|thanks)|regards|(?:many )?thanks(?: and regards| in advance)?|thank you|thx|cheers|yours|sincerely|all the best|best,|cordialement|bien (?:à vous|cordialement)|(?:avec mes )?salutations|merci|(?:mit )?(?:freundlichen?|besten?|vielen?|herzlichen?|liebe[nr]?|schöne[nr]?) gr(?:ü|ue)(?:ß|ss)en?|(?:vielen )?dank|mfg|(?:cordiali|distinti) saluti|saluti|grazie|atenciosamente|obrigad[oa]|(?:os melhores )?cumprimentos|abraços|(?:met )?vriendelijke groet\pL*|groet\pL*|pozdrawiam|z poważaniem|med vänlig\pL* hälsning\pL*|(?:med )?venlig hilsen|с уважением)(?:$|[ ,.!;])[^@:]*$)");
  constexpr std::size_t kClosingMax = 60;
  return line.size() <= kClosingMax && RE2::PartialMatch(line, form);
}

// "Tel. 91 555 11 22", "+44 20 7946 0000", "M: 600 11 22 33 | Fax: ..."
bool is_telephone_line(std::string_view line) {
  static const RE2 labelled(
      R"((?i)(?:^|[\s|/·,;-])(?:tel(?:[eéè]fon[oe]?)?|tele(?:ph|f)on\pL*|tf?no|tlfn?o?|t|m|p|f|m[oó]vil|mobile?|mob|handy|cell?|celular|phone|fono|fax|dir(?:ect)?|office|whatsapp|ext|☎|📞)\.?\s*[:.]?\s*[+(]*\d[\d\s()./-]{5,})");
  static const RE2 bare(R"(^[+(]*\d[\d\s()./-]{7,24}$)");
  static const RE2 date(R"(\d\d:\d\d|^\d{1,2}[/.-]\d{1,2}[/.-]\d{2,4}|^\d{4}-\d\d-\d\d)");
  if (line.size() > 2 * kShortLine || RE2::PartialMatch(line, date)) return false;
  if (RE2::PartialMatch(line, labelled)) return true;
  return RE2::FullMatch(line, bare) &&
         std::ranges::count_if(line, [](char c) { return c >= '0' && c <= '9'; }) >= 8;
}

bool is_site(std::string_view line) {
  static const RE2 form(R"((?i)^(?:web(?:site)?\s*:?\s*)?(?:https?://|www\.)[^\s@]+$)");
  return RE2::FullMatch(line, form);
}

// The address of somebody by itself, labelled, or in a row with name and telephone.
bool is_contact(std::string_view line) {
  static const std::string address = address_pattern();
  static const RE2 alone("(?i)^[<(\\[]?(?:mailto:)?" + address +
                         "[>)\\]]?(?:\\s*<mailto:[^>]*>)?$");
  static const RE2 labelled(
      R"((?i)^(?:✉|📧|@|e|m|(?:e-?)?mail|e-?mail address|correo(?: electr[oó]nico)?|correu|courriel|contact[oe]?|mi correo|mi email)\s*[.:]?\s*<?(?:mailto:)?)" +
      address + ">?$");
  static const RE2 row(R"((?i)^(?:[^@]{0,80}[|·•/,–-]\s*)?<?)" + address +
                       R"(>?\s*(?:[|·•/,–-][^@]{0,120})?$)");
  if (line.size() > 2 * kShortLine || line.find('@') == std::string_view::npos) return false;
  if (RE2::FullMatch(line, alone) || RE2::FullMatch(line, labelled)) return true;
  // "a@b - 956 550 551"
  static const RE2 with_number("(?i)^" + address + R"(\s*[-–/,·•]\s*[+(]*\d[\d\s()./-]{7,24}$)");
  if (RE2::FullMatch(line, with_number)) return true;
  const bool parted = line.find('|') != std::string_view::npos ||
                      line.find("·") != std::string_view::npos ||
                      line.find("•") != std::string_view::npos;
  return parted && RE2::FullMatch(line, row);
}

bool is_bare_contact(std::string_view line) {
  return is_contact(line) && line.find_first_of(" |:") == std::string_view::npos;
}

// "Marta Gil", "M. Gil López", "Juan de la Cruz": a name and nothing else.
bool is_name(std::string_view line) {
  static const RE2 form(
      R"((?:\p{Lu}[\pL'’.-]*\.?)(?:\s(?:\p{Lu}[\pL'’.-]*\.?|de|del|la|las|los|y|e|i|da|do|dos|van|von|der|den|di)){0,5}[.,]?)");
  static const RE2 other(
      R"((?i)\b(?:mail|e-?mail|message|mensaje|correo|delivery|system|error|user|usuario|recipients?|destinatarios?|address|denied|blocked|rejected|failed|failure|unknown|mailbox|quota|full|server|service|subject|status|hello|hola|hi|buenas|buenos d[ií]as|bonjour|hallo|notification|notice|report|spam|office|outlook|microsoft|google|undeliverable|undelivered|required)\b)");
  constexpr std::size_t kNameMax = 50;
  return line.size() <= kNameMax && RE2::FullMatch(line, form) && !RE2::PartialMatch(line, other);
}

// "Marta Gil <a@b>"; of Exchange's list of recipients too, but not below what a server said.
bool is_named_contact(std::string_view line) {
  static const RE2 form(std::string(R"re(^"?([^<>()@":|]{2,50}?)"?\s*<)re") + address_pattern() +
                        ">$");
  std::string name;
  return line.size() <= kShortLine && RE2::FullMatch(line, form, &name) && is_name(name);
}

// "AVISO LEGAL: ...", "This e-mail and its attachments are confidential", "Sent from my iPhone".
bool is_legal(std::string_view line) {
  static const RE2 form(
      R"((?i)^\W*(?:aviso (?:legal|de confidencialidad|de privacidad|importante)|avis (?:legal|jurídic)|nota legal|cl[aá]usula|confidencial(?:idad)?\b|protecci[oó]n de datos|(?:este|el presente) (?:mensaje|correo|e-?mail)[^.]{0,120}(?:confidencial|privilegiad|dirigid|destinad[oa] exclusiv|exclusiv)|la informaci[oó]n (?:contenida|incluida|que contiene)|en cumplimiento de|(?:de acuerdo|de conformidad) con (?:lo|la|el)[^.]{0,100}(?:datos|rgpd|lopd|2016/679)|le informamos (?:de )?que sus datos|(?:antes de imprimir|no imprim|piense en el medio|por favor,? (?:considere|piense)[^.]{0,40}(?:imprim|medio ambiente))|(?:legal )?disclaimer|legal notice|confidentiality|privileged|(?:this|the) (?:e-?mail|message|information|communication)[^.]{0,100}(?:confidential|intended (?:only |solely )?for|privileged)|(?:before printing|(?:please )?(?:consider|think of) the environment|save paper)|ce (?:message|courriel|mail|document)[^.]{0,100}confidentiel|avant d['’]imprimer|diese (?:e-?mail|nachricht)[^.]{0,100}vertraulich|quest[oa] (?:messaggio|e-?mail|comunicazione)[^.]{0,100}(?:riservat|confidenzial)|esta mensagem[^.]{0,100}(?:confidencia|privilegiad)|dit (?:bericht|e-?mail)[^.]{0,100}vertrouwelijk|aquest (?:missatge|correu)[^.]{0,100}confidencial|libre de virus|virus-?free\b|enviado desde (?:mi|el|outlook|yahoo|gmail)|enviado con |sent from (?:my|outlook|mail for|yahoo)|sent with |get outlook for|obt[eé]n(?:er)? outlook|envoyé de(?:puis)? mon|von meinem|inviato da(?:l mio)? |gesendet von meinem))");
  return RE2::PartialMatch(line, form);
}

// What belongs to a notice, or opens one.
bool is_of_notice(std::string_view line) {
  if (is_closing(line) || is_telephone_line(line)) return false;
  if (line.starts_with("This is the mail system") || line.starts_with("Hi. This is the") ||
      is_separator(line) || line.starts_with("----"))
    return true;
  static const RE2 field(
      R"((?i)^(?:final-recipient|original-recipient|reporting-mta|remote-mta|diagnostic-code|action|status|arrival-date|received|return-path|message-id|from|de|von|da|subject|asunto|betreff|objet|oggetto|generating server|servidor de generaci[oó]n|generando servidor)\s*:)");
  return RE2::PartialMatch(line, field) || best_reply(line).score != 0 || tells_failure(line);
}

class SignatureCutter {
 public:
  explicit SignatureCutter(std::string_view text) : text_(text), lines_(split_lines(text)) {
    of_notice_.reserve(lines_.size());
    for (const auto& line : lines_) of_notice_.push_back(is_of_notice(line.text));
    dropped_.assign(lines_.size(), false);
  }

  std::string run() {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (lines_[i].text.empty() || dropped_[i]) continue;
      look_at(i);
    }
    drop_lone_address();
    return without_dropped();
  }

 private:
  std::string_view at(std::size_t i) const { return lines_[i].text; }
  bool is_blank(std::size_t i) const { return i >= lines_.size() || at(i).empty(); }

  // Behind the last line of the paragraph.
  std::size_t paragraph_end(std::size_t i) const {
    while (i < lines_.size() && !at(i).empty()) ++i;
    return i;
  }
  std::size_t next_text(std::size_t i) const {
    while (i < lines_.size() && at(i).empty()) ++i;
    return i;
  }
  // The nearest line with text above, or none.
  std::string_view above(std::size_t i) const {
    while (i > 0 && at(i - 1).empty()) --i;
    return i == 0 ? std::string_view() : at(i - 1);
  }
  // The line ahead of a list of those who failed.
  bool is_announced(std::size_t i) const {
    const auto line = above(i);
    return line.ends_with(':') && !is_closing(line.substr(0, line.size() - 1));
  }

  void drop(std::size_t begin, std::size_t end) {
    for (; begin < end; ++begin) dropped_[begin] = true;
  }

  // From a line on, as far as it is a signature.
  std::size_t signature_end(std::size_t i) const {
    constexpr std::size_t kParagraphsMax = 8;
    std::size_t end = i;
    for (std::size_t p = 0; p < kParagraphsMax; ++p) {
      const auto stop = paragraph_end(i);
      for (; i < stop && !of_notice_[i]; ++i) end = i + 1;
      if (i < stop) break;
      i = next_text(stop);
      if (i >= lines_.size() || !is_contact_paragraph(i)) break;
    }
    return end;
  }

  bool is_contact_paragraph(std::size_t i) const {
    const auto stop = paragraph_end(i);
    bool any = false;
    for (; i < stop; ++i) {
      const auto line = at(i);
      if (of_notice_[i] || line.ends_with(':')) return false;
      if (is_legal(line)) return true;
      if (line.size() > kShortLine) return false;
      any = any || is_contact(line) || is_telephone_line(line) || is_site(line) || is_name(line);
    }
    return any;
  }

  void look_at(std::size_t i) {
    const auto line = at(i);
    const bool mark = line == "--" || line == "—" || line == "–";
    if (mark || is_closing(line)) {
      const auto next = mark ? next_text(i + 1) : i + 1;
      if (mark && (next >= lines_.size() || of_notice_[next])) return;
      drop(i, std::max(i + 1, signature_end(next)));
      return;
    }
    if (is_legal(line) && best_reply(line).score == 0) {
      drop(i, paragraph_end(i));
      return;
    }
    if (is_contact(line) || is_named_contact(line)) take_contact(i);
  }

  // An address below a name, or above or below a telephone.
  void take_contact(std::size_t i) {
    constexpr std::size_t kLinesAbove = 4;
    std::size_t begin = i;
    bool named = is_named_contact(at(i)) && told_above(i) && !is_announced(i);
    for (std::size_t back = 1; back <= kLinesAbove && back <= i; ++back) {
      const auto line = at(i - back);
      if (line.empty() || of_notice_[i - back] || line.ends_with(':') || line.size() > kShortLine ||
          line.find('@') != std::string_view::npos)
        break;
      if (!is_name(line) && !is_telephone_line(line) && !is_site(line)) continue;
      begin = i - back;
      named = true;
    }
    // The name is a paragraph of its own.
    if (!named && i > 1 && is_blank(i - 1) && is_name(at(i - 2)) && (i == 2 || is_blank(i - 3)) &&
        told_above(i - 2)) {
      begin = i - 2;
      named = true;
    }
    const bool telephone = (!is_blank(i + 1) && is_telephone_line(at(i + 1))) ||
                           (!is_blank(i + 1) && is_site(at(i + 1))) || is_telephone_line(at(i));
    if (!named && !telephone) return;
    if (is_announced(begin)) return;
    const auto end = signature_end(i);
    // What a server said stands below whom it was said of.
    if (end < lines_.size() && !is_blank(end) && of_notice_[end]) return;
    if (!told_above(begin) && !names_other(begin, end)) return;
    drop(begin, end);
  }

  bool told_above(std::size_t i) const {
    return std::find(of_notice_.begin(), of_notice_.begin() + static_cast<std::ptrdiff_t>(i),
                     true) != of_notice_.begin() + static_cast<std::ptrdiff_t>(i);
  }

  bool names_other(std::size_t begin, std::size_t end) const {
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if ((i < begin || i >= end) && !dropped_[i] && at(i).find('@') != std::string_view::npos)
        return true;
    }
    return false;
  }

  // "... does not exist." and at the very end, by itself, who asks.
  void drop_lone_address() {
    auto last = lines_.size();
    while (last > 0 && (at(last - 1).empty() || dropped_[last - 1] ||
                        is_telephone_line(at(last - 1)) || is_site(at(last - 1))))
      --last;
    if (last == 0) return;
    const auto i = last - 1;
    if (!is_bare_contact(at(i)) || i == 0 || !is_blank(i - 1) || lines_[i].indent > 0) return;
    if (is_announced(i) || !told_above(i) || !names_other(i, i + 1)) return;
    if (best_reply(above_paragraphs(i)).code == 0) return;
    drop(i, lines_.size());
  }

  std::string_view above_paragraphs(std::size_t i) const {
    return text_.substr(0, static_cast<std::size_t>(at(i).data() - text_.data()));
  }

  std::string without_dropped() const {
    if (std::ranges::find(dropped_, true) == dropped_.end()) return std::string(text_);
    std::string out;
    out.reserve(text_.size());
    std::size_t i = 0;
    for (std::size_t from = 0; from < text_.size() && i < lines_.size(); ++i) {
      const auto end = std::min(text_.find('\n', from), text_.size());
      if (!dropped_[i]) out.append(text_.substr(from, end - from));
      if (end < text_.size()) out.push_back('\n');
      from = end + 1;
    }
    return out;
  }

  std::string_view text_;
  std::vector<TextLine> lines_;
  std::vector<bool> of_notice_;
  std::vector<bool> dropped_;
};

// A paste that is one line: "... does not exist. Un saludo, Marta Gil a@b Tel. 91 555 11 22".
void cut_closing(std::string& text) {
  static const RE2 form(
      R"((?i)[.!)\]"] +((?:un (?:cordial )?saludo|saludos(?: cordiales)?|atentamente|(?:best|kind) regards|regards|cordialement|mit freundlichen grüßen|cordiali saluti|atenciosamente|-- )[ ,.]+[^\n]{3,300}|(?:(?:muchas |mil )?gracias|(?:many )?thanks|thank you|cheers)[ ,.!]+(?-i:\p{Lu})[^\n.?!:]{1,60}[(<][^\s()<>]+@[^\s()<>]+[)>]\.?)$)");
  constexpr std::size_t kLinesMax = 3;
  if (std::ranges::count(trim(text), '\n') > static_cast<std::ptrdiff_t>(kLinesMax)) return;
  re2::StringPiece rest;
  const auto end = trim(text);
  if (!RE2::PartialMatch(end, form, &rest)) return;
  const auto begin = static_cast<std::size_t>(rest.data() - text.data());
  if (best_reply({rest.data(), rest.size()}).code != 0) return;
  text.resize(begin);
  text.push_back('\n');
}

// A letter of one line: "... User unknown". Can you check? Thanks. Tom (tom@example.org)".
void add_last_signer(std::string_view text, std::vector<std::string>& out) {
  static const RE2 form(
      R"((?i)[.!?)\]"”»'`] +((?:[^.!?"@:()<>]{0,40}[.!,] *)?)((?-i:\p{Lu})[^.!?"@:()<>]{1,50}?) *[(<]([^\s()<>]+@[^\s()<>]+)[)>]\.?$)");
  const auto end = trim(text.substr(0, kSignedTextMax));
  const auto line = end.substr(end.rfind('\n') + 1);
  constexpr std::size_t kTailMax = 200;
  const auto tail = line.substr(line.size() < kTailMax ? 0 : line.size() - kTailMax);
  std::string closing;
  std::string name;
  std::string address;
  if (!RE2::PartialMatch(tail, form, &closing, &name, &address)) return;
  const bool closes = is_closing(trim(closing)) || is_closing(trim(closing + name));
  if (closes && !tells_failure(name)) out.push_back(clean_address(address));
}

// "Thanks, Tom (tom@example.org)": closing, name and address in one line.
void add_signers(std::string_view text, std::vector<std::string>& out) {
  for (const auto& line : split_lines(text.substr(0, kSignedTextMax))) {
    if (line.text.size() > kShortLine) continue;
    const auto open = line.text.find_first_of("(<");
    if (open == std::string_view::npos || !is_closing(trim(line.text.substr(0, open)))) continue;
    auto named = addresses_in(line.text.substr(open), 2);
    if (named.size() == 1) out.push_back(std::move(named.front()));
  }
  add_last_signer(text, out);
}

}  // namespace

std::string without_signatures(std::string_view text) {
  if (text.size() > kSignedTextMax) {
    auto head = without_signatures(text.substr(0, kSignedTextMax));
    return head.append(text.substr(kSignedTextMax));
  }
  auto out = SignatureCutter(text).run();
  cut_closing(out);
  return out;
}

std::vector<std::string> writers_in(std::string_view text) {
  static const RE2 wrote(
      R"((?i)\b(?:wrote|escribió|escribi[oó]|schrieb|a écrit|ha scritto|escreveu|skrev|schreef|va escriure)\b[^:]{0,60}:$)");
  static const RE2 self(
      std::string(
          R"((?i)\b(?:soy|me llamo|mi (?:correo|cuenta|direcci[oó]n|e-?mail)(?: es)?|i am|i['’]m|my (?:e-?mail )?(?:address|account|e-?mail)(?: is)?|desde (?:mi|la|nuestra) (?:cuenta|direcci[oó]n|correo)(?: de correo)?|from my (?:account|address)|mon adresse(?: est)?|je suis|meine adresse(?: ist)?)\b[^@.\n:;]{0,40}?[\s(<"':]()") +
      address_pattern() + ")");
  std::vector<std::string> out;
  for (const auto& line : split_lines(text.substr(0, kSignedTextMax))) {
    constexpr std::size_t kLineMax = 400;
    const auto head = line.text.substr(0, kLineMax);
    std::string address;
    if (line.text.size() < kLineMax && RE2::PartialMatch(line.text, wrote)) {
      for (auto& name : addresses_in(line.text, 3)) out.push_back(std::move(name));
    } else if (head.find('@') != std::string_view::npos &&
               RE2::PartialMatch(head, self, &address)) {
      out.push_back(clean_address(address));
    }
    if (tells_failure(head)) break;
  }
  add_signers(text, out);
  std::erase_if(out, [](const std::string& address) { return is_robot(address); });
  return out;
}

}  // namespace rastro
