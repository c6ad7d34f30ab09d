extension ClientPage {
  /// Without the script, before and after stand side by side, on a phone one above the other. With it, one lies upon
  /// the other, and a slider as large as the picture moves the edge between them. The slider is wider than the picture
  /// by its thumb, so that its ends are those of the picture.
  static let style =
    PageParts.style + """
      :root{--handle:url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' width='34' height='34'%3E%3Ccircle cx='17' cy='17' r='15.5' fill='white' stroke='black' stroke-opacity='.5'/%3E%3Cpath d='M13 11l-6 6 6 6M21 11l6 6-6 6' fill='none' stroke='%23222' stroke-width='2.4'/%3E%3C/svg%3E") center no-repeat,linear-gradient(90deg,transparent 18px,#0008 18px 19px,#fff 19px 21px,#0008 21px 22px,transparent 22px)}
      header,footer{padding:0 20px}
      h1,h2,h3,p,ul,dl,dd,figure{margin:0;overflow-wrap:anywhere}
      .kind{color:var(--mark);font-size:14px;letter-spacing:.04em}
      .lead{margin:10px 0 22px;font-size:18px}
      dl{display:grid;grid-template-columns:repeat(auto-fit,minmax(190px,1fr));gap:12px}
      dl div{padding:12px 14px;background:var(--panel);border:1px solid var(--line);border-radius:8px}
      dt{color:var(--quiet);font-size:14px}
      dd{font-size:14px;color:var(--quiet)}
      dd b{display:block;color:var(--text);font-size:24px;font-weight:600;font-variant-numeric:tabular-nums}
      .about{margin-top:18px;max-width:46em;color:var(--quiet);font-size:15px}
      .about p+p{margin-top:6px}
      .choice{display:none;gap:10px;align-items:center;margin-top:20px}
      select{font:inherit;color:var(--text);background:#2a2e33;border:1px solid #6a727b;border-radius:6px;padding:8px 10px}
      .shot{display:grid;grid-template-columns:1fr;gap:18px;padding:28px 20px;border-top:1px solid var(--line);margin-top:28px;content-visibility:auto;contain-intrinsic-size:auto 440px}
      .shot+.shot{margin-top:0}
      .pair{position:relative;display:grid;grid-template-columns:1fr 1fr;gap:8px;align-self:start}
      .pair figure{position:relative}
      .pair img{display:block;width:100%;height:auto;aspect-ratio:var(--aspect);background:#000;border-radius:6px}
      figcaption{position:absolute;left:8px;bottom:8px;padding:1px 9px;border-radius:5px;background:#000b;color:#fff;font-size:14px}
      .after figcaption{left:auto;right:8px}
      .wipe{display:none}
      .missing{align-self:start;padding:60px 20px;background:var(--panel);border-radius:6px;color:var(--quiet);text-align:center}
      h3{margin:14px 0 2px;font-size:14px;font-weight:600;color:var(--quiet)}
      .state{display:inline-block;margin:6px 0;padding:1px 10px;border:1px solid #6a727b;border-radius:12px;font-size:14px}
      .accepted .state{color:var(--good);border-color:#3f7a50;background:#1a2b1f}
      .open .state{color:var(--mark);border-color:#8a6a32;background:#2c2413}
      .time{color:var(--quiet);font-size:14px}
      .note{white-space:pre-line;padding-left:12px;border-left:3px solid #6a727b}
      .words ul{padding:0;list-style:none}
      li+li{margin-top:4px}
      li b{padding:0 7px;border-radius:4px;background:#3a3f45;font-size:13px;font-weight:600}
      .open li b{background:var(--mark);color:#1a1206}
      footer{border-top:1px solid var(--line);padding-top:20px;color:var(--quiet);font-size:14px}
      .js .choice{display:flex}
      .js .pair{grid-template-columns:minmax(0,1fr)}
      .js .pair>*{grid-area:1/1}
      .js .before{z-index:1;clip-path:inset(0 calc(100% - var(--wipe,50%)) 0 0)}
      .js .wipe{display:block;position:relative;z-index:2;width:calc(100% + 40px);height:100%;margin:0 -20px;-webkit-appearance:none;appearance:none;background:none;cursor:ew-resize;touch-action:pan-y}
      .wipe::-webkit-slider-runnable-track{height:100%}
      .wipe::-webkit-slider-thumb{-webkit-appearance:none;width:40px;height:100%;background:var(--handle)}
      .wipe::-moz-range-track{height:100%;background:none}
      .wipe::-moz-range-thumb{width:40px;height:100%;border:0;border-radius:0;background:var(--handle)}
      @supports selector(:has(a)){.wipe:focus-visible{outline:none}.pair:has(>.wipe:focus-visible){outline:2px solid #6cb6ff;outline-offset:3px;border-radius:6px}}
      [data-show=open] .shot:not(.open),[data-show=corrected] .shot:not(.corrected),[data-show=waiting] .shot:not(.waiting){display:none}
      @media (min-width:820px){.js .shot{grid-template-columns:minmax(0,640px) minmax(0,1fr);gap:28px}}
      @media (max-width:560px){body{padding:20px 0}.pair{grid-template-columns:1fr}.lead{font-size:17px}dl{display:block}dl div{display:grid;grid-template-columns:7.5em 1fr;gap:10px;padding:9px 0;background:none;border-width:1px 0 0;border-radius:0}dt{padding-top:3px}dd b{display:inline;font-size:18px}}
      @media print{body{max-width:none}.shot{content-visibility:visible;break-inside:avoid}}
      """

  /// It listens to the document, so that shots need no script of their own, and works before all of the page is there.
  static let script = """
    document.documentElement.classList.add('js');
    document.addEventListener('input', ({ target }) => {
      if (target.classList.contains('wipe')) target.parentElement.style.setProperty('--wipe', target.value + '%');
    });
    document.addEventListener('change', ({ target }) => {
      if (target.id === 'show') document.body.dataset.show = target.value;
    });
    """
}
