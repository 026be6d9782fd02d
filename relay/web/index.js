import { bindLanguage, languageSwitch, t } from './i18n.js';
import { byId } from './ui/elements.js';

const entitle = () => (document.title = t('kiosk.document-title'));
bindLanguage(byId('language'));
languageSwitch.addEventListener('change', entitle);
entitle();
