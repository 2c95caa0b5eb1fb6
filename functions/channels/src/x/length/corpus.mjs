// Writes corpus.json and tlds.txt from npm's twitter-text, the vendor's library, in which weights, links and emoji are defined.
//
//   npm install --no-save --prefix /tmp/twitter-text twitter-text@3.1.0
//   node corpus.mjs /tmp/twitter-text/node_modules
import { createRequire } from "node:module";
import { writeFileSync } from "node:fs";

const modules = process.argv[2];
const require = createRequire(`${modules}/`);
const parseTweet = require("twitter-text/dist/parseTweet.js");
const list = (name) => {
  const source = require(`twitter-text/dist/regexp/${name}.js`).source;
  return source.slice("(?:(?:".length, source.indexOf(")(?=")).split("|");
};
writeFileSync(new URL("tlds.txt", import.meta.url), [...list("validGTLD"), ...list("validCCTLD")].join("\n") + "\n");

const texts = [
  "", "a", "hello", "hello world", "e\u0301", "\u00e9", "ñ", "日本語", "한국어", "\u1112\u1161\u11ab", "中文字符", "नमस्ते", "สวัสดี",
  "Привет", "مرحبا", "שלום", "ქართული", "„quotes“ – and — dashes…", "‘a’ “b” ″c″ ‽", "a\u200bb", "a\u200db", "a\u2060b", "a\u2028b", "€ £ ¥ ₿",
  "𝒳𝒴", "𠮷野家", "🙂", "👍🏽", "👨‍👩‍👧‍👧", "👩‍🚀", "🏳️‍🌈", "🇫🇷🇩🇪", "1️⃣", "#️⃣", "❤️", "❤", "©", "©️", "™", "™️", "☺", "☺️", "⌚", "⚠️", "✅",
  "a\ufe0f", "\u0928\u094d\u200d\u0926",
  "https://a.example", "https://example.com", "http://example.com", "HTTPS://EXAMPLE.COM", "https://example.com/", "https://example.com/a/b?c=d&e=f#g",
  "see https://example.com/a/long/path?with=a&query#and-a-fragment.", "(https://example.com)", "(https://example.com/a)", "https://example.com/(a)",
  "https://example.com/a_(b)", "https://example.com/a_(b_(c))", "https://example.com/a_(b", "https://example.com/a)b", "https://example.com/a,b.",
  "https://example.com:8080/a", "https://example.com?", "https://example.com?a=b.", "https://example.com/?a=b!", "https://localhost", "https://",
  "https://example", "https://example.notatld", "https://例え.テスト/パス", "https://münchen.de/straße", "https://пример.рф/путь", "https://xn--e1afmkfd.xn--p1ai",
  "https://t.co/abcdEFGH12", "https://t.co/abc.def", "https://t.co/abc/def?x=1", "https://t.co/" + "a".repeat(41), "https://t.co/abc?amp=1",
  "example.com", "example.com/a?b=c", "www.example.com.", "a.b.c.example.co.uk/x", "example.co", "example.com.notatld", "example.com-x", "example.com_x",
  "example.comx", "e.g. this", "i.e.that", "1.5", "v1.2.3", "node.js", "alice@example.com", "@example.com", "#example.com", "$example.com", "-example.com",
  "_example.com", ".example.com", "/example.com", "x/example.com", "日本語example.com", "日本語 example.com", "例.com", "example.com日本語", "https://example.com日本語",
  "foo_bar.example.com", "https://foo_bar.example.com", "https://foo.ex_ample.com", "https://-a.example.com", "https://a-.com", "https://" + "a".repeat(64) + ".com",
  "https://" + "a".repeat(63) + ".com", "https://user:pass@example.com/a", "https://127.0.0.1/", "ftp://example.com/a", "xhttps://example.com", "日https://example.com",
  "https://example.com https://example.org", "https://example.com,https://example.org", "https://example.com/https://example.org", "a.com b.org c.net",
  "a.com,b.org", "example.com:80", "example.com/@user/", "https://example.com/@user", "https://example.com/a@b", "mailto:alice@example.com", "a.com/" + "b".repeat(300),
  "https://example.com/" + "é".repeat(10), "https://example.com/日本", "https://example.com/a\u2013b", "https://example.com/#!/a", "https://example.com/a?b=日本",
  "@alice hi", "#hashtag", "$CASH", "line\nbreak", "tab\tstop", "\r\n", " leading", "trailing ", "a".repeat(280), "日".repeat(140), "🙂".repeat(140),
];
// Random texts from a fixed seed: what stands before and after a link decides whether it is one.
let seed = 20261127;
const below = (bound) => ((seed = (seed * 1103515245 + 12345) % 2147483648), Math.floor((seed / 2147483648) * bound));
const parts = [
  "a", "Z", "9", " ", "\n", ".", ",", "!", "?", "-", "_", "/", "@", "#", "$", "(", ")", ":", "&", "=", "é", "日", "я", "ا", "…", "–", "🙂", "👍🏽", "❤️",
  "http://", "https://", "a.com", "example.com", "www.", "t.co", ".org", ".co.uk", ".jp", ".みんな", "xn--p1ai", "/path", "/a_(b)", "?q=1", "#f", "e\u0301", "\u200e",
];
for (let index = 0; index < 600; index += 1) {
  texts.push(Array.from({ length: 1 + below(9) }, () => parts[below(parts.length)]).join(""));
}
const corpus = texts.map((text) => ({ text, length: parseTweet(text).weightedLength }));
writeFileSync(new URL("corpus.json", import.meta.url), "[\n" + corpus.map((entry) => JSON.stringify(entry)).join(",\n") + "\n]\n");
