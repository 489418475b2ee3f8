/* oxlint-disable import/default, import/no-named-as-default -- what is imported are texts */
// The files of the page as texts. This is JavaScript so that the compiler, which knows no browser here, does not follow the
// imports: the scripts have a tsconfig.json of their own. A bundler follows them, so that a compiled program has them.
import indexHtml from './page/index.html' with { type: 'text' };
import iconSvg from './page/icon.svg' with { type: 'text' };
import baseCss from './page/base.css' with { type: 'text' };
import controlsCss from './page/controls.css' with { type: 'text' };
import frameCss from './page/frame.css' with { type: 'text' };
import operationCss from './page/operation.css' with { type: 'text' };
import overviewCss from './page/overview.css' with { type: 'text' };
import playgroundCss from './page/playground.css' with { type: 'text' };
import tokensCss from './page/tokens.css' with { type: 'text' };
import textCss from './page/text.css' with { type: 'text' };
import tryCss from './page/try.css' with { type: 'text' };
import answerFacts from './page/answer-facts.ts' with { type: 'text' };
import answerPanel from './page/answer-panel.ts' with { type: 'text' };
import ask from './page/ask.ts' with { type: 'text' };
import chatMessage from './page/chat-message.ts' with { type: 'text' };
import code from './page/code.ts' with { type: 'text' };
import conversation from './page/conversation.ts' with { type: 'text' };
import credentials from './page/credentials.ts' with { type: 'text' };
import element from './page/element.ts' with { type: 'text' };
import eventStream from './page/event-stream.ts' with { type: 'text' };
import formField from './page/form-field.ts' with { type: 'text' };
import icon from './page/icon.ts' with { type: 'text' };
import jsonField from './page/json-field.ts' with { type: 'text' };
import keyCheck from './page/key-check.ts' with { type: 'text' };
import keysDialog from './page/keys-dialog.ts' with { type: 'text' };
import main from './page/main.ts' with { type: 'text' };
import models from './page/models.ts' with { type: 'text' };
import operationView from './page/operation-view.ts' with { type: 'text' };
import overview from './page/overview.ts' with { type: 'text' };
import places from './page/places.ts' with { type: 'text' };
import playgroundSettings from './page/playground-settings.ts' with { type: 'text' };
import playground from './page/playground.ts' with { type: 'text' };
import prose from './page/prose.ts' with { type: 'text' };
import reference from './page/reference.ts' with { type: 'text' };
import requestForm from './page/request-form.ts' with { type: 'text' };
import schemaView from './page/schema-view.ts' with { type: 'text' };
import sidebar from './page/sidebar.ts' with { type: 'text' };
import snippets from './page/snippets.ts' with { type: 'text' };
import tabs from './page/tabs.ts' with { type: 'text' };
import theme from './page/theme.ts' with { type: 'text' };
import tryPanel from './page/try-panel.ts' with { type: 'text' };

export const sources = {
  'index.html': indexHtml,
  'icon.svg': iconSvg,
  'base.css': baseCss,
  'controls.css': controlsCss,
  'frame.css': frameCss,
  'operation.css': operationCss,
  'overview.css': overviewCss,
  'playground.css': playgroundCss,
  'text.css': textCss,
  'tokens.css': tokensCss,
  'try.css': tryCss,
  'answer-facts.ts': answerFacts,
  'answer-panel.ts': answerPanel,
  'ask.ts': ask,
  'chat-message.ts': chatMessage,
  'code.ts': code,
  'conversation.ts': conversation,
  'credentials.ts': credentials,
  'element.ts': element,
  'event-stream.ts': eventStream,
  'form-field.ts': formField,
  'icon.ts': icon,
  'json-field.ts': jsonField,
  'key-check.ts': keyCheck,
  'keys-dialog.ts': keysDialog,
  'main.ts': main,
  'models.ts': models,
  'operation-view.ts': operationView,
  'overview.ts': overview,
  'places.ts': places,
  'playground-settings.ts': playgroundSettings,
  'playground.ts': playground,
  'prose.ts': prose,
  'reference.ts': reference,
  'request-form.ts': requestForm,
  'schema-view.ts': schemaView,
  'sidebar.ts': sidebar,
  'snippets.ts': snippets,
  'tabs.ts': tabs,
  'theme.ts': theme,
  'try-panel.ts': tryPanel,
};
