// The language of a page. Both stand in it; one is shown. The choice is kept, and goes along in
// the address (#lang=zh), so that a link opens in the language of whoever sent it.
(() => {
  "use strict";
  const KEY = "yunying-language";
  const root = document.documentElement;
  const fromAddress = () => new URLSearchParams(location.hash.slice(1)).get("lang");
  const kept = () => {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // some browsers keep nothing for files
    }
  };
  const known = (language) => (language === "en" || language === "zh" ? language : null);

  const show = (language) => {
    root.dataset.lang = language;
    root.lang = language === "zh" ? "zh-CN" : "en";
    for (const title of document.querySelectorAll("[data-title-en]")) {
      document.title = title.dataset[language === "zh" ? "titleZh" : "titleEn"];
    }
    for (const link of document.querySelectorAll("a[data-carry]")) {
      link.hash = `lang=${language}`;
    }
    try {
      localStorage.setItem(KEY, language);
    } catch {
      // shown all the same
    }
    document.dispatchEvent(new CustomEvent("language", { detail: language }));
  };

  const browser = (navigator.language || "").startsWith("zh") ? "zh" : "en";
  show(known(fromAddress()) || known(kept()) || browser);
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-switch]")) {
      show(root.dataset.lang === "zh" ? "en" : "zh");
    }
  });
  addEventListener("hashchange", () => {
    const language = known(fromAddress());
    if (language && language !== root.dataset.lang) show(language);
  });
})();
