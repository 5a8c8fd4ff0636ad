#include "daemon/answer/sentences.h"

#include <algorithm>
#include <iterator>

namespace rastro {
namespace {

struct InBothLanguages {
  std::string_view code;
  std::string_view en;
  std::string_view es;
};

constexpr InBothLanguages kAbsence[] = {
    {"found", "messages were found", "se han encontrado mensajes"},
    {"only_some_domains", "only mail of some domains may be seen",
     "solo se puede ver el correo de algunos dominios"},
    {"next_page", "this is a further page of an answer", "esta es una página más de una respuesta"},
    {"cut_by_time", "the search was cut by its time limit",
     "la búsqueda se cortó por exceso de tiempo"},
    {"logs_not_complete", "the logs of that interval were not read completely",
     "los registros de esas horas no se han leído completos"},
    {"no_interval", "the interval is empty, or still to come",
     "el intervalo está vacío o aún no ha llegado"},
    {"nothing_understood",
     "the logs were read, but no line of any message was understood: rastro status --lines shows "
     "them",
     "los registros se han leído, pero no se ha entendido ninguna línea de ningún mensaje: rastro "
     "status "
     "--lines las muestra"},
    {"names_nobody", "the question names no address, id or client",
     "la pregunta no nombra ninguna dirección, identificador ni cliente"},
    {"subject_not_logged",
     "mail servers log subjects only when told to: Postfix by header_checks with INFO, Exim by "
     "log_selector = +subject",
     "los servidores de correo solo registran el asunto si se les indica: Postfix con INFO en "
     "header_checks, Exim con log_selector = +subject"},
    {"part_only",
     "the question names only a part of an address, login or host: ask for the whole "
     "(ana@example.org) or the client's address",
     "la pregunta nombra solo una parte de una dirección, un usuario o una máquina: pregunte por "
     "la dirección entera (ana@example.org) o por la IP del cliente"},
    {"near_spelling",
     "with exactly that spelling there is nothing, but almost the same was seen then",
     "escrito exactamente así no hay nada, pero a esas horas se vio algo casi igual"},
    {"one_waiting_then", "1 message that fits was waiting in the queue at that time",
     "a esa hora esperaba en la cola 1 mensaje que coincide"},
    {"waiting_then", "{count} messages that fit were waiting in the queue at that time",
     "a esa hora esperaban en la cola {count} mensajes que coinciden"},
    {"leaves_out", "the question leaves messages out by more than who and when",
     "la pregunta descarta mensajes por algo más que quién y cuándo"},
    {"one_lines_name_it", "1 line of that time names that address and tells of no message by it",
     "1 línea de esas horas nombra esa dirección sin contar de un mensaje"},
    {"lines_name_it", "{count} lines of that time name that address and tell of no message by it",
     "{count} líneas de esas horas nombran esa dirección sin contar de un mensaje"},
    {"turned_away", "that client or login was seen, and turned away, about that time",
     "ese cliente o usuario se presentó por esas horas y fue rechazado"},
    {"only_an_id",
     "mail that was refused before its content has no Message-ID in the log, and an id may be "
     "another server's: ask by sender and recipient",
     "el correo rechazado antes de su contenido no deja su Message-ID en el registro, y un "
     "identificador puede ser de otro servidor: pregunte por remitente y destinatario"},
    {"one_sender_by_machine",
     "1 message to that recipient has an envelope sender that a forwarder or mailing service "
     "wrote: "
     "what stands in its From: may be the sender",
     "1 mensaje para ese destinatario lleva un remitente de sobre escrito por un reenvío o un "
     "servicio de envíos: en su De: puede estar ese remitente"},
    {"sender_by_machine",
     "{count} messages to that recipient have an envelope sender that a forwarder or mailing "
     "service "
     "wrote: what stands in their From: may be the sender",
     "{count} mensajes para ese destinatario llevan un remitente de sobre escrito por un reenvío o "
     "un "
     "servicio de envíos: en su De: puede estar ese remitente"},
    {"one_mail_unnamed", "of 1 message of that interval the log does not name every recipient",
     "de 1 mensaje de esas horas el registro no nombra a todos los destinatarios"},
    {"mail_unnamed", "of {count} messages of that interval the log does not name every recipient",
     "de {count} mensajes de esas horas el registro no nombra a todos los destinatarios"},
    {"one_sender_unknown",
     "of 1 message of that interval the log does not tell who sent it: it may be this one",
     "de 1 mensaje de esas horas el registro no dice quién lo envió: puede ser este"},
    {"sender_unknown",
     "of {count} messages of that interval the log does not tell who sent them: it may be one of "
     "them",
     "de {count} mensajes de esas horas el registro no dice quién los envió: puede ser uno de "
     "ellos"},
    {"one_logins_unnamed",
     "1 login failed in that interval, and the log does not tell whose: who sends with a mail "
     "program may be it",
     "en esas horas falló 1 inicio de sesión y el registro no dice de quién: puede ser de quien "
     "envía con un programa de correo"},
    {"logins_unnamed",
     "{count} logins failed in that interval, and the log does not tell whose: who sends with a "
     "mail program may be one of them",
     "en esas horas fallaron {count} inicios de sesión y el registro no dice de quién: quien envía "
     "con un programa de correo puede ser uno de ellos"},
    {"one_clients_refused", "1 client was refused in that interval before it named an address",
     "en esas horas se rechazó a 1 cliente antes de que nombrara ninguna dirección"},
    {"clients_refused",
     "{count} clients were refused in that interval before they named an address",
     "en esas horas se rechazó a {count} clientes antes de que nombraran ninguna dirección"},
    {"proven", "the logs of that interval were read completely and no line names it",
     "los registros de esas horas se han leído completos y ninguna línea lo menciona"},
};

constexpr InBothLanguages kHoleCauses[] = {
    {"log_starts_later", "the log starts after the interval does", "el registro empieza más tarde"},
    {"not_read_yet", "not read yet", "aún sin leer"},
    {"forgotten", "older than store.retention: forgotten",
     "anterior a lo que se conserva (store.retention)"},
    {"index_not_written", "the index cannot be written", "no se puede escribir en el índice"},
    {"index_gone", "the index was moved, unmounted or removed",
     "el índice se movió, se desmontó o se borró"},
    {"index_gone", "a file of the index was removed: its hour is missing",
     "se borró un archivo del índice: falta su hora"},
    {"not_there", "not there", "no existe"},
    {"no_longer_configured", "not configured any more", "ya no está configurado"},
    {"no_log_read", "no log has been read", "no se ha leído ningún registro"},
    {"rotated_away", "rotated away while rastrod was down",
     "rotado mientras rastrod estaba parado"},
    {"rotated_away",
     "rotated away while rastrod was down, or in a file that cannot be read ({why})",
     "rotado mientras rastrod estaba parado, o en un archivo que no se puede leer ({why})"},
    {"copied_and_truncated", "copied and truncated: lines written between the two are lost",
     "copiado y vaciado: se perdieron las líneas escritas entre una cosa y otra"},
    {"truncated", "truncated: lines written since the last look are lost",
     "vaciado: se perdieron las líneas escritas desde la última lectura"},
    {"ahead", "stamped ahead of the clock: see timezone", "con horas futuras: revise timezone"},
    {"half_line", "its last line has no end", "su última línea no ha terminado"},
    {"file_missing", "a rotated file is missing between {the two}",
     "falta un archivo rotado entre {los dos}"},
    {"file_missing", "no rotated file of the days between {the two}",
     "no hay archivo rotado de los días entre {los dos}"},
    {"not_running", "rastrod was not running: what was sent to this socket is lost",
     "rastrod no estaba en marcha: se perdió lo que se envió a este socket"},
    {"disk_full", "the disk was full: the oldest hour of the index was dropped",
     "el disco estaba lleno: se descartó la hora más antigua del índice"},
};

std::string filled(std::string_view form, std::string_view detail) {
  const auto place = form.find('{');
  std::string out(form.substr(0, place));
  if (place == std::string_view::npos) return out;
  out += detail;
  out += form.substr(form.find('}', place) + 1);
  return out;
}

// What stands in the place of `form`; false: `text` is another sentence.
bool fits(std::string_view form, std::string_view text, std::string_view& detail) {
  const auto place = form.find('{');
  if (place == std::string_view::npos) return form == text;
  const auto before = form.substr(0, place);
  const auto behind = form.substr(form.find('}', place) + 1);
  if (text.size() < before.size() + behind.size() || !text.starts_with(before) ||
      !text.ends_with(behind))
    return false;
  detail = text.substr(before.size(), text.size() - before.size() - behind.size());
  return true;
}

}  // namespace

std::string sentence(std::string_view code, Language language, std::string_view detail) {
  const auto* form = std::ranges::find(kAbsence, code, &InBothLanguages::code);
  if (form == std::end(kAbsence)) return std::string(code);
  return filled(language == Language::es ? form->es : form->en, detail);
}

Sentence cause_of_hole(std::string_view stored, Language language) {
  for (const auto& form : kHoleCauses) {
    std::string_view detail;
    if (fits(form.en, stored, detail))
      return {form.code, filled(language == Language::es ? form.es : form.en, detail)};
  }
  // rsyslog's words for it differ with each version and input.
  if (stored.find("due to rate-limiting") != std::string_view::npos) {
    return {"log_limited", language == Language::es
                               ? "el programa de registro descartó líneas porque llegaban "
                                 "demasiadas seguidas"
                               : "the log daemon dropped lines because too many came at once"};
  }
  return {"other", std::string(stored)};
}

}  // namespace rastro
